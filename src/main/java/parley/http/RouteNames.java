package parley.http;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Names of routes for meters: method and template, such as {@code GET /v1/users/{user_id}}. A name
 * never holds anything of the request but what is in this table, so there is a fixed number of
 * them.
 */
final class RouteNames {
  /** A call that no route of the API takes. */
  static final String OTHER = "other";

  /** Files of the web client, and the published keys. */
  static final String STATIC = "static";

  /** The documentation. */
  static final String DOCS = "docs";

  /** The calls of the API. A test holds them against {@code openapi.json}. */
  static final List<String> API =
      List.of(
          "GET /v1/ws",
          "POST /v1/auth/register",
          "POST /v1/auth/login",
          "POST /v1/auth/refresh",
          "POST /v1/auth/logout",
          "GET /v1/users/me",
          "PATCH /v1/users/me",
          "GET /v1/users",
          "GET /v1/users/{user_id}",
          "PUT /v1/users/me/presence",
          "GET /v1/users/me/devices",
          "DELETE /v1/users/me/devices/{device_id}",
          "PUT /v1/users/me/devices/{device_id}/push_token",
          "DELETE /v1/users/me/devices/{device_id}/push_token",
          "GET /v1/conversations",
          "POST /v1/conversations",
          "GET /v1/conversations/{conversation_id}",
          "PATCH /v1/conversations/{conversation_id}",
          "GET /v1/conversations/{conversation_id}/messages",
          "POST /v1/conversations/{conversation_id}/read",
          "POST /v1/messages",
          "POST /v1/groups",
          "PATCH /v1/groups/{conversation_id}",
          "POST /v1/groups/{conversation_id}/members",
          "PUT /v1/groups/{conversation_id}/members/{user_id}",
          "DELETE /v1/groups/{conversation_id}/members/{user_id}");

  /** The longest path of a route has this many segments; a longer one is not split. */
  private static final int MAX_SEGMENTS = 8;

  private record Template(String name, List<String> segments) {}

  /** Templates by method and number of segments, those with fewer parameters first. */
  private static final Map<String, List<Template>> TEMPLATES = templates();

  private RouteNames() {}

  /** All names that {@link #of} gives. */
  static List<String> all() {
    List<String> all = new ArrayList<>(API);
    all.addAll(List.of(STATIC, DOCS, OTHER));
    return all;
  }

  /** The name of the route that takes this call. */
  static String of(String method, String path) {
    if (!path.startsWith("/v1/")) {
      return path.equals("/docs") || path.startsWith("/docs/") ? DOCS : STATIC;
    }
    List<String> segments = List.of(path.split("/", MAX_SEGMENTS));
    for (Template template :
        TEMPLATES.getOrDefault(method + segments.size(), List.<Template>of())) {
      if (matches(template.segments(), segments)) {
        return template.name();
      }
    }
    return OTHER;
  }

  private static boolean matches(List<String> template, List<String> segments) {
    for (int i = 0; i < template.size(); i++) {
      if (!isParameter(template.get(i)) && !template.get(i).equals(segments.get(i))) {
        return false;
      }
    }
    return true;
  }

  private static boolean isParameter(String segment) {
    return segment.startsWith("{");
  }

  private static Map<String, List<Template>> templates() {
    Map<String, List<Template>> all = new HashMap<>();
    for (String name : API) {
      int space = name.indexOf(' ');
      List<String> segments = List.of(name.substring(space + 1).split("/", -1));
      List<Template> same =
          all.computeIfAbsent(name.substring(0, space) + segments.size(), k -> new ArrayList<>());
      boolean literal = !name.contains("{");
      same.add(literal ? 0 : same.size(), new Template(name, segments));
    }
    return all;
  }
}
