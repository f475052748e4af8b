package parley.admin;

import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.Cluster;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.StatusCode;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.server.AllDirectives;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.management.javadsl.PekkoManagement;
import org.jspecify.annotations.Nullable;
import parley.audit.AuditLog;
import parley.model.ErrorCode;
import parley.port.HttpPort;
import parley.port.PortSettings;
import parley.settings.ConnectionCapacity;
import parley.settings.HostPort;
import parley.settings.Settings;
import parley.telemetry.Telemetry;

/**
 * The port for operators: {@code /ready}, {@code /alive}, {@code /metrics}, {@code /cluster/…} and
 * the features' own routes under {@code /admin/…}. {@link AdminAccess} says who may call the
 * latter. Every client that reaches the port may read the others, and may change the cluster if
 * {@code PARLEY_MANAGEMENT_WRITE} is on. So it listens on the loopback address by default.
 *
 * <p>The routes of Pekko Management are served here, but this class binds the port: Pekko
 * Management's own start cannot report which port it got for port 0, and its readiness does not
 * know about a drain.
 */
public final class ManagementPort extends AllDirectives {
  /** Counter: starts and results of changes that the audit log did not store. */
  static final String AUDIT_FAILURES = "parley.audit.failures";

  /**
   * What {@code /admin} needs beside its routes.
   *
   * @param tokens the tokens of operators; null if no file is set
   * @param audit where changes are recorded
   */
  public record AdminSecurity(@Nullable AdminTokenFile tokens, AuditLog audit) {}

  private static final ContentType OPEN_METRICS = ContentTypes.parse(Telemetry.OPEN_METRICS);

  private final ActorSystem<?> system;
  private final Telemetry telemetry;
  private final Readiness readiness;
  private final AdminGate gate;
  private final HostPort address;
  private final HostCheck hosts;
  private final @Nullable ManagementTls tls;
  private final int perAddress;

  public ManagementPort(
      ActorSystem<?> system,
      Telemetry telemetry,
      Readiness readiness,
      List<AdminRoutes> admin,
      AdminSecurity security,
      HostPort address,
      HostCheck hosts,
      @Nullable ManagementTls tls,
      int perAddress) {
    this.system = system;
    this.telemetry = telemetry;
    this.readiness = readiness;
    this.address = address;
    this.hosts = hosts;
    this.tls = tls;
    this.perAddress = perAddress;
    this.gate =
        new AdminGate(
            new AdminAccess(
                security.tokens(),
                tls != null && tls.asksClients(),
                AdminAccess.isLoopback(address.host()),
                System::nanoTime),
            AdminGate.Audit.of(security.audit()),
            behindTheGate(admin).handler(system),
            telemetry.registry().counter(AUDIT_FAILURES)::increment,
            () -> telemetry.limited(AdminAccess.WRONG_TOKENS_LIMIT));
  }

  /**
   * The check of the hosts that a request may name: this node's own addresses and names, and those
   * that the settings add.
   */
  public static HostCheck hosts(Settings settings) {
    return new HostCheck(
        List.of(settings.management().host(), settings.cluster().remote().host()),
        settings.managementAccess().hosts());
  }

  /**
   * A warning about the port's address for the log; empty if there is nothing to warn of.
   *
   * @param write whether changes of the cluster are allowed
   * @param host where the port listens
   */
  public static Optional<String> warning(boolean write, String host) {
    return write && !AdminAccess.isLoopback(host)
        ? Optional.of(
            "PARLEY_MANAGEMENT_WRITE is true and the management port listens on "
                + host
                + ": whoever reaches it can take nodes out of the cluster. Let nobody reach it but"
                + " operators and the other nodes")
        : Optional.empty();
  }

  /**
   * The limits of this port's connections: few, and at most a quarter of them from one address, so
   * that no address shuts out the probes and the operators. Loopback addresses have no limit of
   * their own.
   *
   * @param perAddress the client port's limit per address, which holds here too if it is smaller; 0
   *     is no limit
   */
  static PortSettings limits(int perAddress) {
    return PortSettings.standard(
        ConnectionCapacity.MANAGEMENT_CONNECTIONS,
        Math.min(perAddress, ConnectionCapacity.MANAGEMENT_PER_ADDRESS),
        InetAddress::isLoopbackAddress);
  }

  /** Binds and serves. */
  public CompletionStage<HttpPort> bind() {
    HttpPort.Builder port =
        HttpPort.of(system, limits(perAddress)).handler(guarded(routes()).handler(system));
    if (tls != null) {
      port.encryption(tls::engine);
    }
    return port.bind(address.host(), address.port());
  }

  /**
   * Refuses requests that are meant for another machine or come from a web page, before any route
   * runs.
   */
  private Route guarded(Route routes) {
    return extractRequest(
        request -> {
          if (!hosts.allows(request.getUri().host().address())) {
            return forbidden(
                "Host is no address or name of this node; others are set by"
                    + " PARLEY_MANAGEMENT_HOSTS");
          }
          return isCrossSite(request)
              ? forbidden("Origin: pages of others may not call this port")
              : routes;
        });
  }

  /**
   * Whether a browser sends the request for a page that this port did not serve. An operator's
   * browser reaches this port even where the author of the page does not. This port serves no
   * pages, so every {@code Origin} is that of another page.
   */
  private static boolean isCrossSite(HttpRequest request) {
    return request.getHeader("Origin").isPresent()
        || request
            .getHeader("Sec-Fetch-Site")
            .filter(site -> !Set.of("none", "same-origin").contains(site.value()))
            .isPresent();
  }

  private Route forbidden(String why) {
    return complete(ManagementProblems.of(ErrorCode.FORBIDDEN, why));
  }

  private Route routes() {
    List<Route> more = new ArrayList<>();
    more.add(path("ready", () -> get(this::ready)));
    more.add(path("alive", () -> get(() -> text(StatusCodes.OK, "alive"))));
    more.add(path("metrics", () -> get(this::metrics)));
    more.add(
        pathPrefix(
            "admin", () -> extractRequest(request -> completeWithFuture(gate.answer(request)))));
    PekkoManagement management = PekkoManagement.get(system);
    // Pods that look for each other call this port by the scheme that Pekko Management is told
    // here.
    Route theirs =
        tls == null
            ? management.getRoutes()
            : management.getRoutes(all -> all.withHttpsConnectionContext(tls.serverContext()));
    return concat(theirs, more.toArray(Route[]::new));
  }

  private Route behindTheGate(List<AdminRoutes> admin) {
    List<Route> all = new ArrayList<>();
    for (AdminRoutes one : admin) {
      all.add(pathPrefix("admin", one::routes));
    }
    return concat(reject(), all.toArray(Route[]::new));
  }

  private Route ready() {
    MemberStatus status = Cluster.get(system).selfMember().status();
    boolean member = status == MemberStatus.up() || status == MemberStatus.weaklyUp();
    boolean ready = readiness.isServing() && member;
    return text(
        ready ? StatusCodes.OK : StatusCodes.SERVICE_UNAVAILABLE, readiness + ", member " + status);
  }

  /** OpenMetrics for scrapers that ask for it, because only that format has exemplars. */
  private Route metrics() {
    return optionalHeaderValueByName(
        "Accept",
        accept ->
            accept.orElse("").contains("application/openmetrics-text")
                ? complete(
                    StatusCodes.OK,
                    HttpEntities.create(
                        OPEN_METRICS,
                        telemetry.scrapeOpenMetrics().getBytes(StandardCharsets.UTF_8)))
                // The text format 0.0.4 is text/plain in UTF-8; scrapers read its version from
                // nothing else.
                : text(StatusCodes.OK, telemetry.scrape()));
  }

  private Route text(StatusCode status, String body) {
    return complete(status, HttpEntities.create(ContentTypes.TEXT_PLAIN_UTF8, body));
  }
}
