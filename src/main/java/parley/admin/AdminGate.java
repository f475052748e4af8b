package parley.admin;

import java.net.InetAddress;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.StreamSupport;
import org.apache.pekko.http.javadsl.model.AttributeKey;
import org.apache.pekko.http.javadsl.model.AttributeKeys;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.RemoteAddress;
import org.apache.pekko.japi.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import parley.audit.AuditLog;
import parley.model.ErrorCode;
import parley.port.HttpPort;

/**
 * What every request to {@code /admin} passes before its route runs.
 *
 * <pre>
 *   request --&gt; who calls? --&gt; which call? --&gt; GET ----------------------------------&gt; route
 *                 | 401 403 429   | 404 405      |
 *                                                `-- change --&gt; right --&gt; audit: started --&gt; route --&gt; audit: result
 *                                                                 | 403      | 503
 * </pre>
 *
 * <p>The route of a change runs only when the audit log has stored that it begins. So a crash
 * leaves a record without a result, never a change without a record. A call that is not in {@link
 * AdminCalls} is answered 404, so a route cannot be forgotten there.
 */
final class AdminGate {
  /** Who calls; each change that reaches a route has it. */
  private static final AttributeKey<String> CALLER =
      AttributeKey.create("parley-operator", String.class);

  private static final int UNAVAILABLE_RETRY_MILLIS = 1_000;
  private static final Logger LOG = LoggerFactory.getLogger(AdminGate.class);

  private final AdminAccess access;
  private final Audit audit;
  private final Function<HttpRequest, CompletionStage<HttpResponse>> routes;
  private final Runnable auditFailed;
  private final Runnable tokenLimited;

  /** The two calls to {@link AuditLog} that a change needs. */
  interface Audit {
    /** As {@link AuditLog#start}. */
    CompletionStage<Long> start(String who, String address, String action, String target);

    /** As {@link AuditLog#finish}. */
    CompletionStage<?> finish(long nr, int status);

    /** The audit log itself. */
    static Audit of(AuditLog log) {
      return new Audit() {
        @Override
        public CompletionStage<Long> start(
            String who, String address, String action, String target) {
          return log.start(who, address, action, target);
        }

        @Override
        public CompletionStage<?> finish(long nr, int status) {
          return log.finish(nr, status);
        }
      };
    }
  }

  /**
   * Creates the gate.
   *
   * @param routes the routes behind it; a request that none takes is answered there
   * @param auditFailed called when the audit log did not store something
   * @param tokenLimited called when a wrong token is refused because there were too many
   */
  AdminGate(
      AdminAccess access,
      Audit audit,
      Function<HttpRequest, CompletionStage<HttpResponse>> routes,
      Runnable auditFailed,
      Runnable tokenLimited) {
    this.access = access;
    this.audit = audit;
    this.routes = routes;
    this.auditFailed = auditFailed;
    this.tokenLimited = tokenLimited;
  }

  /** The name of who makes this change. */
  static String caller(HttpRequest request) {
    return request.getAttribute(CALLER).orElse("unknown");
  }

  /** Answers a request to {@code /admin}. */
  CompletionStage<HttpResponse> answer(HttpRequest request) {
    @Nullable X509Certificate certificate =
        request.getAttribute(HttpPort.CLIENT_CERTIFICATE).orElse(null);
    Optional<InetAddress> from = addressOf(request);
    return switch (access.decide(authorization(request), certificate, from)) {
      case AdminAccess.Refused refused -> {
        if (refused.code() == ErrorCode.RATE_LIMITED) {
          tokenLimited.run();
        }
        yield done(
            ManagementProblems.of(refused.code(), refused.detail(), refused.retryAfterMillis()));
      }
      case AdminAccess.Allowed allowed -> answer(request, allowed.caller(), from);
    };
  }

  private CompletionStage<HttpResponse> answer(
      HttpRequest request, AdminAccess.Caller caller, Optional<InetAddress> from) {
    List<String> path = new ArrayList<>();
    request.getUri().pathSegments().forEach(path::add);
    AdminCalls.Call call = AdminCalls.find(request.method().name(), path);
    if (call == null) {
      return done(
          AdminCalls.isPath(path)
              ? ManagementProblems.of(ErrorCode.METHOD_NOT_ALLOWED, "not with this method")
              : ManagementProblems.of(ErrorCode.NOT_FOUND, "there is no such call"));
    }
    if (!call.changes()) {
      return route(request);
    }
    if (caller.right() != AdminToken.Right.WRITE) {
      return done(
          ManagementProblems.of(
              ErrorCode.FORBIDDEN, "the token " + caller.name() + " may only read"));
    }
    return change(request, caller, call, from);
  }

  private CompletionStage<HttpResponse> change(
      HttpRequest request,
      AdminAccess.Caller caller,
      AdminCalls.Call call,
      Optional<InetAddress> from) {
    String address = from.map(InetAddress::getHostAddress).orElse("unknown");
    String target = target(request, call);
    return audit
        .start(caller.name(), address, call.name(), target)
        .handle(
            (nr, failure) -> {
              if (nr == null) {
                auditFailed.run();
                LOG.error(
                    "Audit: {} from {} was refused: {} {}: the audit log does not answer",
                    caller.name(),
                    address,
                    call.name(),
                    target);
                return done(
                    ManagementProblems.of(
                        ErrorCode.UNAVAILABLE,
                        "the audit log cannot be written, so nothing was changed; ask again",
                        UNAVAILABLE_RETRY_MILLIS));
              }
              LOG.info(
                  "Audit {}: {} from {} begins: {} {}",
                  nr,
                  caller.name(),
                  address,
                  call.name(),
                  target);
              return route(request.addAttribute(CALLER, caller.name()))
                  .thenCompose(response -> finished(nr, caller, call, response));
            })
        .thenCompose(response -> response);
  }

  /** Stores the result. Whether that succeeds, the caller gets the answer of the change. */
  private CompletionStage<HttpResponse> finished(
      long nr, AdminAccess.Caller caller, AdminCalls.Call call, HttpResponse response) {
    int status = response.status().intValue();
    LOG.info("Audit {}: {}: {}: {}", nr, caller.name(), call.name(), status);
    return audit
        .finish(nr, status)
        .handle(
            (finished, failure) -> {
              if (failure != null) {
                auditFailed.run();
                LOG.error("Audit {}: the result {} could not be stored", nr, status);
              }
              return response;
            });
  }

  private CompletionStage<HttpResponse> route(HttpRequest request) {
    CompletionStage<HttpResponse> answer;
    try {
      answer = routes.apply(request);
    } catch (Exception e) {
      answer = CompletableFuture.failedFuture(e);
    }
    return answer.exceptionally(
        failure -> {
          LOG.error("A call of an operator failed", failure);
          return ManagementProblems.of(ErrorCode.INTERNAL, "the call failed");
        });
  }

  /** The parameters of the path, and the query, as one line. */
  private static String target(HttpRequest request, AdminCalls.Call call) {
    String query = request.getUri().rawQueryString().map(text -> "?" + text).orElse("");
    return (String.join(" ", call.parameters()) + " " + query).replaceAll("[^ -~]", "?").strip();
  }

  /** The header, if there is exactly one: two parsers could read two headers differently. */
  private static Optional<String> authorization(HttpRequest request) {
    Iterator<HttpHeader> headers =
        StreamSupport.stream(request.getHeaders().spliterator(), false)
            .filter(header -> header.is("authorization"))
            .iterator();
    if (!headers.hasNext()) {
      return Optional.empty();
    }
    String value = headers.next().value().strip();
    return Optional.of(headers.hasNext() ? "" : value);
  }

  private static Optional<InetAddress> addressOf(HttpRequest request) {
    @Nullable RemoteAddress remote = request.getAttribute(AttributeKeys.remoteAddress).orElse(null);
    return remote == null ? Optional.empty() : remote.getAddress();
  }

  private static CompletionStage<HttpResponse> done(HttpResponse response) {
    return CompletableFuture.completedFuture(response);
  }
}
