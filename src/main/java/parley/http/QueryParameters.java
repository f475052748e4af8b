package parley.http;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/**
 * Reads the queries of requests. A known parameter may come once only: of two values nobody knows
 * which one is meant. Other parameters are ignored, as unknown fields are everywhere.
 */
final class QueryParameters {
  private QueryParameters() {}

  /** Result of reading a query. */
  sealed interface QueryResult {}

  /** The parameters that are there. */
  record Good(Map<String, String> values) implements QueryResult {}

  /** A parameter came twice. */
  record Bad(HttpResponse problem) implements QueryResult {}

  /** Reads the parameters with these names. */
  static QueryResult read(HttpRequest request, String... names) {
    Map<String, List<String>> all = request.getUri().query().toMultiMap();
    Map<String, String> values = new HashMap<>();
    for (String name : names) {
      List<String> given = all.getOrDefault(name, List.of());
      if (given.size() > 1) {
        return new Bad(Problems.badField(name, name + " must be given once"));
      }
      if (!given.isEmpty()) {
        values.put(name, given.get(0));
      }
    }
    return new Good(values);
  }
}
