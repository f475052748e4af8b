package parley.admin;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The calls under {@code /admin}, by method and template. Only these are let through, so the list
 * is complete. A test holds it against {@code admin.json}. Beside them there are the changes under
 * {@code /cluster}, which the routes of Pekko Management make.
 */
final class AdminCalls {
  /** All calls. */
  static final List<String> ALL =
      List.of(
          "GET /admin/openapi.json",
          "GET /admin/audit",
          "GET /admin/conversations/{conversation_id}",
          "GET /admin/conversations/{conversation_id}/entries/{seq}",
          "GET /admin/users/{user_id}",
          "DELETE /admin/users/{user_id}/sessions",
          "DELETE /admin/users/{user_id}/sessions/{session_id}",
          "POST /admin/users/{user_id}/ban",
          "DELETE /admin/users/{user_id}/ban",
          "GET /admin/talkers",
          "GET /admin/drain",
          "POST /admin/drain",
          "DELETE /admin/drain",
          "GET /admin/verify",
          "POST /admin/verify",
          "DELETE /admin/verify",
          "GET /admin/settings",
          "PUT /admin/settings/{name}",
          "DELETE /admin/settings/{name}",
          "GET /admin/verify/{conversation_id}",
          "GET /admin/marks",
          "POST /admin/marks",
          "GET /admin/archive/enrolment",
          "POST /admin/archive/enrolment",
          "DELETE /admin/archive/enrolment",
          "GET /admin/backup",
          "POST /admin/backup",
          "GET /admin/keys",
          "POST /admin/keys/rotation",
          "GET /admin/push/dead-letters",
          "DELETE /admin/push/dead-letters",
          "DELETE /admin/push/dead-letters/{letter_id}",
          "GET /admin/push/dead-letters/replay",
          "POST /admin/push/dead-letters/replay");

  private static final Set<String> READS = Set.of("GET", "HEAD");
  private static final String CLUSTER = "cluster";
  private static final String MEMBERS = "members";
  private static final List<Template> TEMPLATES = ALL.stream().map(Template::of).toList();

  private AdminCalls() {}

  private record Template(String name, String method, List<String> segments) {
    static Template of(String name) {
      int space = name.indexOf(' ');
      return new Template(
          name, name.substring(0, space), List.of(name.substring(space + 2).split("/", -1)));
    }

    boolean matches(List<String> path) {
      if (path.size() != segments.size()) {
        return false;
      }
      for (int i = 0; i < path.size(); i++) {
        if (!isParameter(segments.get(i)) && !segments.get(i).equals(path.get(i))) {
          return false;
        }
      }
      return true;
    }

    List<String> parameters(List<String> path) {
      List<String> values = new ArrayList<>();
      for (int i = 0; i < path.size(); i++) {
        if (isParameter(segments.get(i))) {
          values.add(path.get(i));
        }
      }
      return values;
    }

    private static boolean isParameter(String segment) {
      return segment.startsWith("{");
    }
  }

  /**
   * A call.
   *
   * @param name method and template
   * @param parameters the values of the template's parameters, in order
   */
  record Call(String name, List<String> parameters) {
    /** Whether it changes the cluster, by the routes of Pekko Management. */
    boolean isOfCluster() {
      return name.contains(" /" + CLUSTER);
    }

    /** Whether it may change something. */
    boolean changes() {
      return !name.startsWith("GET ");
    }
  }

  /** Whether a request with this method changes nothing. */
  static boolean isRead(String method) {
    return READS.contains(method);
  }

  /** The call with this method and path, or null if there is none. */
  static @Nullable Call find(String method, List<String> path) {
    if (!path.isEmpty() && path.getFirst().equals(CLUSTER)) {
      return isRead(method) ? null : ofCluster(method, path);
    }
    String wanted = isRead(method) ? "GET" : method;
    Call found = null;
    for (Template template : TEMPLATES) {
      if (template.method().equals(wanted) && template.matches(path)) {
        List<String> parameters = template.parameters(path);
        // The replay of dead letters is not the letter "replay".
        if (found == null || parameters.size() < found.parameters().size()) {
          found = new Call(template.name(), parameters);
        }
      }
    }
    return found;
  }

  /**
   * A change of the cluster. The parameter is the rest of the path: a member, as a rule, whose
   * {@code //} the segments have lost.
   */
  private static Call ofCluster(String method, List<String> path) {
    boolean members = path.size() > 1 && path.get(1).equals(MEMBERS);
    int named = members ? 2 : 1;
    List<String> rest = path.subList(named, path.size());
    return new Call(
        method + " /" + String.join("/", path.subList(0, named)),
        rest.isEmpty() ? List.of() : List.of(String.join("/", rest).replace(":/", "://")));
  }

  /** Whether another method has a call with this path. */
  static boolean isPath(List<String> path) {
    return TEMPLATES.stream().anyMatch(template -> template.matches(path));
  }
}
