package parley.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The names that meters have for routes. */
final class RouteNamesTest {
  private static final Set<String> METHODS = Set.of("get", "put", "post", "delete", "patch");

  @Test
  void theApiAndItsDescriptionKnowTheSameCalls() throws IOException {
    List<String> described = new ArrayList<>();
    try (InputStream in = RouteNamesTest.class.getResourceAsStream("/docs/openapi.json")) {
      JsonNode paths = new ObjectMapper().readTree(Objects.requireNonNull(in)).get("paths");
      paths
          .properties()
          .forEach(
              path ->
                  path.getValue()
                      .fieldNames()
                      .forEachRemaining(
                          method -> {
                            if (METHODS.contains(method) && path.getKey().startsWith("/v1/")) {
                              described.add(method.toUpperCase(Locale.ROOT) + " " + path.getKey());
                            }
                          }));
    }
    assertThat(RouteNames.API).containsExactlyInAnyOrderElementsOf(described);
  }

  @ParameterizedTest
  @CsvSource({
    "GET, /v1/users/me, GET /v1/users/me",
    "GET, /v1/users/01HX, GET /v1/users/{user_id}",
    "PUT, /v1/groups/g_1/members/me, PUT /v1/groups/{conversation_id}/members/{user_id}",
    "GET, /v1/conversations/d_a_b/messages, GET /v1/conversations/{conversation_id}/messages",
    "DELETE, /v1/users/me, other",
    "BREW, /v1/users/me, other",
    "GET, /v1/a/b/c/d/e/f/g/h/i/j, other",
    "GET, /v1/, other",
    "GET, /, static",
    "GET, /.well-known/jwks.json, static",
    "POST, /v2/users/ann, static",
    "GET, /docs, docs",
    "GET, /docs/guide/curl, docs",
  })
  void aCallHasTheNameOfItsRoute(String method, String path, String name) {
    assertThat(RouteNames.of(method, path)).isEqualTo(name);
    assertThat(RouteNames.all()).contains(name);
  }
}
