package parley.http;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.japi.function.Function;
import parley.model.ErrorCode;
import parley.telemetry.Buckets;
import parley.telemetry.MessageTrail;
import parley.telemetry.Telemetry;

/** Counts and times the calls of the client port by route. Thread-safe. */
public final class HttpMeters {
  /** Counter: answered calls, by {@code route} and {@code status} class. */
  static final String REQUESTS = "parley.http.requests";

  /** Timer: from a request's head to its answer, by {@code route}. */
  static final String TIME = "parley.http.time";

  private static final List<String> CLASSES = List.of("1xx", "2xx", "3xx", "4xx", "5xx");

  private record Route(List<Counter> byClass, Timer time) {}

  private final Telemetry telemetry;
  private final Map<String, Route> routes;

  /** Registers a series for each route and class. */
  public HttpMeters(Telemetry telemetry) {
    this.telemetry = telemetry;
    Map<String, Route> all = new HashMap<>();
    for (String name : RouteNames.all()) {
      List<Counter> byClass =
          CLASSES.stream()
              .map(
                  status -> telemetry.registry().counter(REQUESTS, "route", name, "status", status))
              .toList();
      all.put(
          name,
          new Route(
              byClass, Buckets.coarseTimer(telemetry.registry(), TIME, Tags.of("route", name))));
    }
    routes = Map.copyOf(all);
  }

  /** How single messages are followed. */
  MessageTrail trail() {
    return telemetry.trail();
  }

  /** A handler that measures another one. */
  Function<HttpRequest, CompletionStage<HttpResponse>> measured(
      Function<HttpRequest, CompletionStage<HttpResponse>> handler) {
    return request -> {
      long start = System.nanoTime();
      Route route =
          Objects.requireNonNull(
              routes.get(RouteNames.of(request.method().name(), request.getUri().path())));
      return handler
          .apply(request)
          .thenApply(
              response -> {
                int index = response.status().intValue() / 100 - 1;
                route.byClass().get(Math.clamp(index, 0, CLASSES.size() - 1)).increment();
                route.time().record(System.nanoTime() - start, TimeUnit.NANOSECONDS);
                return response;
              });
    };
  }

  /** A message was refused. */
  void messageRefused(ErrorCode code) {
    telemetry.messageRefused(code.wireName());
  }
}
