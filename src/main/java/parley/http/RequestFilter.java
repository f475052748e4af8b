package parley.http;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import org.apache.pekko.http.javadsl.model.AttributeKeys;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.RemoteAddress;
import org.apache.pekko.japi.function.Function;
import parley.model.ErrorCode;
import parley.port.ForwardedLimit;

/**
 * Handles every request before and after its route.
 *
 * <pre>
 *   request ──▶ whose it is, how many ──▶ rate of its address ──▶ whole body, bounded ──▶ Routes ──▶ headers ──▶ response
 *                                      │ 429                   │ 413, 408           │ problems ──▶ counted
 *                                      └───────────────────────┴────────────────────┘
 * </pre>
 *
 * The body is read even if the answer is already known: see {@link RequestBodies}.
 */
final class RequestFilter {
  private static final String FORWARDED_FOR = "x-forwarded-for";
  private static final String FORWARDED_PROTO = "x-forwarded-proto";

  private final TrustedProxies proxies;
  private final ForwardedLimit forwardedLimit;
  private final RateLimit rate;
  private final LongFunction<HttpResponse> tooMany;
  private final RequestBodies requestBodies;
  private final Function<HttpRequest, CompletionStage<HttpResponse>> routes;
  private final Consumer<ErrorCode> problems;

  RequestFilter(
      TrustedProxies proxies,
      ForwardedLimit forwarded,
      RateLimit rate,
      LongFunction<HttpResponse> tooMany,
      RequestBodies requestBodies,
      Function<HttpRequest, CompletionStage<HttpResponse>> routes,
      Consumer<ErrorCode> problems) {
    this.proxies = proxies;
    this.forwardedLimit = forwarded;
    this.rate = rate;
    this.tooMany = tooMany;
    this.requestBodies = requestBodies;
    this.routes = routes;
    this.problems = problems;
  }

  /** Answers a request. The stage never fails. */
  CompletionStage<HttpResponse> handle(HttpRequest received) {
    boolean tls = isOverTls(received);
    HttpRequest request = withClientAddress(received);
    if (request == received) {
      return limitAndRoute(request, tls);
    }
    // The connection belongs to a proxy, which is exempt. The client behind it is counted here.
    InetAddress client = addressOf(request);
    if (!forwardedLimit.acquire(client)) {
      return requestBodies
          .read(request)
          .thenApply(readResult -> finish(Problems.tooManyConnections(), tls));
    }
    return limitAndRoute(request, tls)
        .thenApply(
            response -> {
              if (response.status().intValue() == 101) {
                forwardedLimit.releaseWithConnection(received, client);
              } else {
                forwardedLimit.release(client);
              }
              return response;
            });
  }

  private CompletionStage<HttpResponse> limitAndRoute(HttpRequest request, boolean tls) {
    long wait = isApi(request) ? rate.take(addressOf(request)) : 0;
    return requestBodies
        .read(request)
        .thenCompose(readResult -> wait > 0 ? done(tooMany.apply(wait)) : answer(readResult))
        .exceptionally(Fallbacks::failure)
        .thenApply(response -> finish(response, tls));
  }

  private CompletionStage<HttpResponse> answer(RequestBodies.ReadResult readResult) {
    return switch (readResult) {
      case RequestBodies.Whole whole -> route(whole.request());
      case RequestBodies.Broken broken -> done(Problems.of(broken.code(), broken.detail()));
    };
  }

  private CompletionStage<HttpResponse> route(HttpRequest request) {
    try {
      return routes.apply(request);
    } catch (Exception e) {
      return done(Fallbacks.failure(e));
    }
  }

  private static CompletionStage<HttpResponse> done(HttpResponse response) {
    return CompletableFuture.completedFuture(response);
  }

  private HttpResponse finish(HttpResponse response, boolean tls) {
    Problems.codeOf(response).ifPresent(problems);
    if (response.status().intValue() == 101) {
      return response;
    }
    HttpResponse safe = SecurityHeaders.withApiHeaders(response);
    return tls ? SecurityHeaders.withStrictTransport(safe) : safe;
  }

  /** Whether the client came over TLS, to this server or to a trusted proxy. */
  private boolean isOverTls(HttpRequest request) {
    return request.getUri().getScheme().equals("https")
        || proxies.saysTls(addressOf(request), values(request, FORWARDED_PROTO));
  }

  private static List<String> values(HttpRequest request, String name) {
    List<String> values = new ArrayList<>();
    for (HttpHeader header : request.getHeaders()) {
      if (header.is(name)) {
        values.add(header.value());
      }
    }
    return values;
  }

  /** The request with the address of its client, as a trusted proxy gives it. */
  private HttpRequest withClientAddress(HttpRequest request) {
    InetAddress peer = addressOf(request);
    InetAddress client = proxies.client(peer, values(request, FORWARDED_FOR));
    return client.equals(peer)
        ? request
        : request.addAttribute(AttributeKeys.remoteAddress, RemoteAddress.create(client));
  }

  private static boolean isApi(HttpRequest request) {
    String path = request.getUri().path();
    return path.equals("/v1") || path.startsWith("/v1/");
  }

  /**
   * The address of a request's client, from its connection or from a trusted proxy; the loopback
   * address if it is not known, which does not happen on a server over TCP.
   */
  static InetAddress addressOf(HttpRequest request) {
    return request
        .getAttribute(AttributeKeys.remoteAddress)
        .flatMap(RemoteAddress::getAddress)
        .orElseGet(InetAddress::getLoopbackAddress);
  }
}
