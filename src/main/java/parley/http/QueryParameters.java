package parley.http;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/**
 * Queries of requests. A parameter that is ours may come once: of two values nobody knows which is
 * meant. Others are ignored, as unknown fields are everywhere.
 */
final class QueryParameters {
  private QueryParameters() {}

  /** What became of a query. */
  sealed interface Read {}

  /** Those of the parameters that are there. */
  record Good(Map<String, String> values) implements Read {}

  /** A parameter is there twice. */
  record Bad(HttpResponse problem) implements Read {}

  /** Reads these parameters. */
  static Read one(HttpRequest request, String... names) {
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
