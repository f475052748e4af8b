package parley.admin;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.Cluster;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpCharsets;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.http.javadsl.model.StatusCode;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.server.AllDirectives;
import org.apache.pekko.http.javadsl.server.Route;
import org.apache.pekko.management.javadsl.PekkoManagement;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;
import parley.model.ErrorCode;
import parley.port.HttpPort;
import parley.port.PortLimits;
import parley.protocol.HttpWriter;
import parley.settings.ConnectionCapacity;
import parley.settings.HostPort;
import parley.settings.Settings;
import parley.telemetry.Telemetry;

/**
 * The port of operators: {@code /ready}, {@code /alive}, {@code /metrics}, {@code /cluster/…} and,
 * where a feature has some, {@code /admin/…}. It has no accounts: whoever reaches it may read, and
 * change the cluster where {@code PARLEY_MANAGEMENT_WRITE} says so, so it listens on the loopback
 * address until somebody says otherwise.
 *
 * <p>The routes of Pekko Management are taken from it, but bound here: its own start cannot tell
 * which port 0 became, and its readiness does not know about a drain.
 */
public final class ManagementPort extends AllDirectives {
  private static final ContentType.WithFixedCharset PROBLEM =
      MediaTypes.customWithFixedCharset(
              "application", "problem+json", HttpCharsets.UTF_8, Map.of(), false)
          .toContentType();

  private final ActorSystem<?> system;
  private final Telemetry telemetry;
  private final Readiness readiness;
  private final List<AdminRoutes> admin;
  private final HostCheck hosts;
  private final @Nullable ManagementTls tls;
  private final int perAddress;

  public ManagementPort(
      ActorSystem<?> system,
      Telemetry telemetry,
      Readiness readiness,
      List<AdminRoutes> admin,
      HostCheck hosts,
      @Nullable ManagementTls tls,
      int perAddress) {
    this.system = system;
    this.telemetry = telemetry;
    this.readiness = readiness;
    this.admin = List.copyOf(admin);
    this.hosts = hosts;
    this.tls = tls;
    this.perAddress = perAddress;
  }

  /**
   * Who may be meant by a request: this node's own addresses and names, and what is set besides.
   */
  public static HostCheck hosts(Settings settings) {
    return new HostCheck(
        List.of(settings.management().host(), settings.cluster().remote().host()),
        settings.managementAccess().hosts());
  }

  /**
   * What an operator should hear about the port's address.
   *
   * @param write whether changes of the cluster are allowed
   * @param host where the port listens
   */
  public static Optional<String> warning(boolean write, String host) {
    InetSocketAddress address = new InetSocketAddress(host, 0);
    boolean loopback = !address.isUnresolved() && address.getAddress().isLoopbackAddress();
    return write && !loopback
        ? Optional.of(
            "PARLEY_MANAGEMENT_WRITE is true and the management port listens on "
                + host
                + ": whoever reaches it can take nodes out of the cluster. Let nobody reach it but"
                + " operators and the other nodes")
        : Optional.empty();
  }

  /**
   * The connections it takes: few, and of one address a quarter of them at most, so that nobody
   * keeps the probes and the operators out. Loopback has no limit of its own.
   *
   * @param perAddress what the client port allows an address; 0 is no limit, here too
   */
  static PortLimits limits(int perAddress) {
    return PortLimits.standard(
        ConnectionCapacity.MANAGEMENT_CONNECTIONS,
        Math.min(perAddress, ConnectionCapacity.MANAGEMENT_PER_ADDRESS),
        InetAddress::isLoopbackAddress);
  }

  public CompletionStage<HttpPort> bind(HostPort address) {
    HttpPort.Builder port =
        HttpPort.of(system, limits(perAddress)).handler(checked(routes()).handler(system));
    if (tls != null) {
      port.encryption(tls::engine);
    }
    return port.bind(address.host(), address.port());
  }

  /** Nothing is answered, and nothing done, for who asks for another machine. */
  private Route checked(Route routes) {
    return extractRequest(
        request -> {
          if (!hosts.allows(request.getUri().host().address())) {
            return forbidden(
                "Host is no address or name of this node; others are set by"
                    + " PARLEY_MANAGEMENT_HOSTS");
          }
          return isOfAnotherPage(request)
              ? forbidden("Origin: pages of others may not call this port")
              : routes;
        });
  }

  /**
   * Whether a browser sends it for a page that this port did not serve: an operator's browser
   * reaches what the page's author does not. This port serves no pages, so every {@code
   * EntrySource} is another's.
   */
  private static boolean isOfAnotherPage(HttpRequest request) {
    return request.getHeader("Origin").isPresent()
        || request
            .getHeader("Sec-Fetch-Site")
            .filter(site -> !Set.of("none", "same-origin").contains(site.value()))
            .isPresent();
  }

  private Route forbidden(String why) {
    return complete(
        HttpResponse.create()
            .withStatus(ErrorCode.FORBIDDEN.status())
            .withEntity(
                HttpEntities.create(
                    PROBLEM,
                    ByteString.fromString(HttpWriter.problem(ErrorCode.FORBIDDEN, why, null)))));
  }

  private Route routes() {
    List<Route> more = new ArrayList<>();
    more.add(path("ready", () -> get(this::ready)));
    more.add(path("alive", () -> get(() -> text(StatusCodes.OK, "alive"))));
    more.add(path("metrics", () -> get(this::metrics)));
    for (AdminRoutes one : admin) {
      more.add(pathPrefix("admin", one::routes));
    }
    PekkoManagement management = PekkoManagement.get(system);
    // Pods that look for each other call as this one is called.
    Route theirs =
        tls == null
            ? management.getRoutes()
            : management.getRoutes(all -> all.withHttpsConnectionContext(tls.server()));
    return concat(theirs, more.toArray(Route[]::new));
  }

  private Route ready() {
    MemberStatus status = Cluster.get(system).selfMember().status();
    boolean member = status == MemberStatus.up() || status == MemberStatus.weaklyUp();
    boolean ready = readiness.isServing() && member;
    return text(
        ready ? StatusCodes.OK : StatusCodes.SERVICE_UNAVAILABLE, readiness + ", member " + status);
  }

  private Route metrics() {
    // The text format 0.0.4 is text/plain in UTF-8; scrapers read its version from nothing else.
    return text(StatusCodes.OK, telemetry.scrape());
  }

  private Route text(StatusCode status, String body) {
    return complete(status, HttpEntities.create(ContentTypes.TEXT_PLAIN_UTF8, body));
  }
}
