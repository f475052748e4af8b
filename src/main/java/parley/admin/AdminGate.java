package parley.admin;

import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.StreamSupport;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.model.AttributeKey;
import org.apache.pekko.http.javadsl.model.AttributeKeys;
import org.apache.pekko.http.javadsl.model.HttpEntity;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.RemoteAddress;
import org.apache.pekko.japi.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import parley.audit.AuditLog;
import parley.bounds.KeyedBuckets;
import parley.model.ErrorCode;
import parley.port.HttpPort;

/**
 * What every request to {@code /admin}, and every change under {@code /cluster}, passes before its
 * route runs.
 *
 * <pre>
 *   request --&gt; who calls? --&gt; which call? --&gt; GET -----------------------------------------&gt; route
 *                 | 401 403 429   | 404 405      |
 *                                                `-- change --&gt; right, budget --&gt; audit: started --&gt; route --&gt; audit: result
 *                                                                 | 403 429         | 503
 * </pre>
 *
 * <p>A change of the cluster is made also if the audit log does not answer, and is then in the log
 * only: to take out a dead node may be what brings the audit log back.
 *
 * <p>The route of any other change runs only when the audit log has stored that it begins. So a
 * crash leaves a record without a result, never a change without a record. A call that is not in
 * {@link AdminCalls} is answered 404, so a route cannot be forgotten there.
 *
 * <p>Changes of a caller: {@value #CHANGES} at once, then one in {@link #CHANGE_INTERVAL}. A change
 * beyond that is {@code rate_limited} and is not recorded: the records of what was done must not be
 * pushed out by attempts. A caller is a token, a certificate, or everybody on the loopback address.
 */
final class AdminGate {
  /** Name of the limit on changes, in meters. */
  static final String CHANGES_LIMIT = "admin_changes";

  /** How many changes a caller may make at once. */
  static final int CHANGES = 60;

  /** After this time a caller may make one more. */
  static final Duration CHANGE_INTERVAL = Duration.ofSeconds(1);

  /** The most callers whose changes are counted; beyond that the least active one begins anew. */
  static final int CALLERS = 1_000;

  /** The most bytes of the body of a change. */
  static final int BODY_BYTES = 16 * 1024;

  private static final Duration BODY_TIMEOUT = Duration.ofSeconds(5);

  /** Who calls; each change that reaches a route has it. */
  private static final AttributeKey<String> CALLER =
      AttributeKey.create("parley-operator", String.class);

  private static final int UNAVAILABLE_RETRY_MILLIS = 1_000;
  private static final Logger LOG = LoggerFactory.getLogger(AdminGate.class);

  private final ActorSystem<?> system;
  private final AdminAccess access;
  private final Audit audit;
  private final Function<HttpRequest, CompletionStage<HttpResponse>> routes;
  private final Runnable auditFailed;
  private final Consumer<String> limited;
  private final KeyedBuckets<String> changes;

  /** The two calls to {@link AuditLog} that a change needs. */
  interface Audit {
    /** As {@link AuditLog#start}. */
    CompletionStage<Long> start(
        String who, String address, String action, String target, String detail);

    /** As {@link AuditLog#finish}. */
    CompletionStage<?> finish(long nr, int status);

    /**
     * The audit log itself.
     *
     * @param details whether all nodes can read what a change did; see {@link
     *     parley.cluster.Capability#AUDIT_DETAILS}
     */
    static Audit of(AuditLog log, BooleanSupplier details) {
      return new Audit() {
        @Override
        public CompletionStage<Long> start(
            String who, String address, String action, String target, String detail) {
          return log.start(who, address, action, target, details.getAsBoolean() ? detail : "");
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
   * @param limited called with the name of a limit that refuses a request
   * @param nanos a clock that never goes back, as {@link System#nanoTime}
   */
  AdminGate(
      ActorSystem<?> system,
      AdminAccess access,
      Audit audit,
      Function<HttpRequest, CompletionStage<HttpResponse>> routes,
      Runnable auditFailed,
      Consumer<String> limited,
      LongSupplier nanos) {
    this.system = system;
    this.access = access;
    this.audit = audit;
    this.routes = routes;
    this.auditFailed = auditFailed;
    this.limited = limited;
    this.changes = new KeyedBuckets<>(CHANGES, CHANGE_INTERVAL.toNanos(), CALLERS, nanos);
  }

  /** The name of who makes this change. */
  static String caller(HttpRequest request) {
    return request.getAttribute(CALLER).orElse("unknown");
  }

  /** Answers a request. */
  CompletionStage<HttpResponse> answer(HttpRequest request) {
    @Nullable X509Certificate certificate =
        request.getAttribute(HttpPort.CLIENT_CERTIFICATE).orElse(null);
    Optional<InetAddress> from = addressOf(request);
    return switch (access.decide(authorization(request), certificate, from)) {
      case AdminAccess.Refused refused -> {
        if (refused.code() == ErrorCode.RATE_LIMITED) {
          limited.accept(AdminAccess.WRONG_TOKENS_LIMIT);
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
    long wait = changes.take(caller.name(), 1);
    if (wait > 0) {
      limited.accept(CHANGES_LIMIT);
      LOG.warn("{} makes too many changes: {} was refused", caller.name(), call.name());
      return done(
          ManagementProblems.of(
              ErrorCode.RATE_LIMITED, "too many changes by " + caller.name(), wait));
    }
    return request
        .entity()
        .withSizeLimit(BODY_BYTES)
        .toStrict(BODY_TIMEOUT.toMillis(), system)
        .handle(
            (body, failure) ->
                body == null
                    ? done(
                        ManagementProblems.of(
                            ErrorCode.BAD_REQUEST,
                            "body: it did not arrive, or has more than " + BODY_BYTES + " bytes"))
                    : change(request, body, caller, call, from))
        .thenCompose(response -> response);
  }

  private CompletionStage<HttpResponse> change(
      HttpRequest request,
      HttpEntity.Strict body,
      AdminAccess.Caller caller,
      AdminCalls.Call call,
      Optional<InetAddress> from) {
    AuditLines.Change change =
        new AuditLines.Change(
            caller.name(),
            from.map(InetAddress::getHostAddress).orElse("unknown"),
            call.name(),
            ChangeText.target(call, request.getUri().rawQueryString().orElse("")));
    String detail = ChangeText.detail(body.getData().decodeString(StandardCharsets.UTF_8));
    return audit
        .start(change.who(), change.from(), change.action(), change.target(), detail)
        .handle(
            (nr, failure) -> {
              if (nr == null) {
                auditFailed.run();
                if (call.isOfCluster()) {
                  AuditLines.beginsUnstored(change);
                  return route(request.withEntity(body))
                      .thenApply(
                          response -> {
                            AuditLines.endedUnstored(change, response.status().intValue());
                            return response;
                          });
                }
                AuditLines.refused(change);
                return done(
                    ManagementProblems.of(
                        ErrorCode.UNAVAILABLE,
                        "the audit log cannot be written, so nothing was changed; ask again",
                        UNAVAILABLE_RETRY_MILLIS));
              }
              AuditLines.begins(nr, change);
              return route(request.withEntity(body).addAttribute(CALLER, caller.name()))
                  .thenCompose(response -> finished(nr, change, response));
            })
        .thenCompose(response -> response);
  }

  /** Stores the result. Whether that succeeds, the caller gets the answer of the change. */
  private CompletionStage<HttpResponse> finished(
      long nr, AuditLines.Change change, HttpResponse response) {
    int status = response.status().intValue();
    return audit
        .finish(nr, status)
        .handle(
            (finished, failure) -> {
              if (failure != null) {
                auditFailed.run();
              }
              AuditLines.ended(nr, change, status, failure == null);
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
