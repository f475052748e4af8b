package parley.admin;

import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
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
import parley.cluster.Capability;
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
 * latter, and who may change the cluster. Every client that reaches the port may read the others:
 * probes, scrapers, and nodes that look for each other. So it listens on the loopback address by
 * default.
 *
 * <p>Every request that is not {@code GET} or {@code HEAD} passes {@link AdminGate}, whatever its
 * path: so no change is without a caller who may make it, and none without a record. A change of
 * the cluster also needs {@code PARLEY_MANAGEMENT_WRITE}.
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
  private final Route management;
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
    this.management = managementRoutes(system, tls);
    this.gate =
        new AdminGate(
            system,
            new AdminAccess(
                security.tokens(),
                tls != null && tls.asksClients(),
                AdminAccess.isLoopback(address.host()),
                InstantSource.system(),
                System::nanoTime),
            AdminGate.Audit.of(
                security.audit(), () -> Capability.AUDIT_DETAILS.isEverywhere(system)),
            behindTheGate(admin).handler(system),
            telemetry.registry().counter(AUDIT_FAILURES)::increment,
            telemetry::limited,
            System::nanoTime);
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
    Route throughTheGate = extractRequest(request -> completeWithFuture(gate.answer(request)));
    Route reads =
        concat(
            path("ready", () -> get(this::ready)),
            path("alive", () -> get(() -> text(StatusCodes.OK, "alive"))),
            path("metrics", () -> get(this::metrics)),
            pathPrefix("admin", () -> throughTheGate),
            management);
    return extractMethod(method -> AdminCalls.isRead(method.name()) ? reads : throughTheGate);
  }

  /**
   * The routes of Pekko Management. Pods that look for each other call this port by the scheme that
   * Pekko Management is told here.
   */
  private static Route managementRoutes(ActorSystem<?> system, @Nullable ManagementTls tls) {
    PekkoManagement routes = PekkoManagement.get(system);
    return tls == null
        ? routes.getRoutes()
        : routes.getRoutes(all -> all.withHttpsConnectionContext(tls.serverContext()));
  }

  private Route behindTheGate(List<AdminRoutes> admin) {
    List<Route> all = new ArrayList<>();
    for (AdminRoutes one : admin) {
      all.add(pathPrefix("admin", one::routes));
    }
    return concat(management, all.toArray(Route[]::new));
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
