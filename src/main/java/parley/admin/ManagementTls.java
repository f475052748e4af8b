package parley.admin;

import java.security.NoSuchAlgorithmException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.ConnectionContext;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.HttpsConnectionContext;
import org.jspecify.annotations.Nullable;
import parley.cluster.CertificateWatch;
import parley.cluster.NodeTls;
import parley.settings.Settings;
import parley.settings.SettingsException;
import parley.telemetry.Telemetry;
import parley.tls.Certificate;
import parley.tls.ServerContext;
import parley.tls.TlsFiles;
import parley.tls.TlsRefusedException;

/**
 * The certificate of the management port, if one is set. Clients of the port need no certificate.
 * If an authority for clients is set, one that presents its certificate may call {@code /admin},
 * see {@link AdminAccess}. {@link CertificateWatch} reads the files again every minute, and new
 * connections use them from then on.
 *
 * <p>Pods call each other by this port before they form a cluster. They call by address, and no
 * certificate names an address. So for these calls, and only for these, a peer is verified by its
 * issuer alone. The answers let no node into the cluster; {@link NodeTls} decides that.
 */
public final class ManagementTls {
  private static final Pattern ADDRESS = Pattern.compile("[0-9.]+|.*:.*");

  private final TlsFiles files;
  private final InstantSource clock;
  private final ServerContext context;

  private ManagementTls(TlsFiles files, InstantSource clock, ServerContext context) {
    this.files = files;
    this.clock = clock;
    this.context = context;
  }

  /**
   * Reads the files; null if none are set. Blocks.
   *
   * @throws SettingsException with the variable whose file cannot be used
   */
  public static @Nullable ManagementTls read(Settings settings, InstantSource clock)
      throws SettingsException {
    TlsFiles files = settings.managementAccess().tls();
    if (files == null) {
      return null;
    }
    try {
      Certificate certificate = Certificate.ofServer(files, clock.instant());
      return new ManagementTls(files, clock, new ServerContext(certificate));
    } catch (TlsRefusedException e) {
      String part = e.part() == TlsRefusedException.Part.CA ? "CLIENT_CA" : e.part().name();
      throw new SettingsException("PARLEY_MANAGEMENT_TLS_" + part, String.valueOf(e.getMessage()));
    }
  }

  /** The context that tells Pekko Management that its routes are served by TLS. */
  HttpsConnectionContext serverContext() {
    return ConnectionContext.httpsServer(context::engine);
  }

  /** Whether clients are asked for a certificate. */
  boolean asksClients() {
    return files.ca() != null;
  }

  /** The server's side of a new connection. */
  SSLEngine engine() {
    return context.engine();
  }

  /**
   * From now on, calls from this system to the management port of other pods are verified as the
   * class comment says.
   *
   * @param port the management port, which is the same on all pods
   * @param authority the issuer of the nodes' certificates, empty if nodes have none
   */
  public void useForClusterCalls(
      ActorSystem<?> system, int port, Optional<X509Certificate> authority) {
    try {
      SSLContext usual = SSLContext.getDefault();
      Http.get(system)
          .setDefaultClientHttpsContext(
              ConnectionContext.httpsClient(
                  (host, to) ->
                      to == port && ADDRESS.matcher(host).matches()
                          ? context.engineTo(host, to, authority.orElse(null))
                          : engine(usual, host, to)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java has no TLS", e);
    }
  }

  private static SSLEngine engine(SSLContext usual, String host, int port) {
    SSLEngine engine = usual.createSSLEngine(host, port);
    engine.setUseClientMode(true);
    SSLParameters parameters = engine.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    engine.setSSLParameters(parameters);
    return engine;
  }

  /** Starts to watch the files while the node runs. */
  public CertificateWatch watch(Telemetry telemetry) {
    return CertificateWatch.start(
        "PARLEY_MANAGEMENT_TLS_CERT",
        "connections of operators",
        "parley.management.certificate.days.left",
        this::reload,
        clock,
        telemetry);
  }

  /** Uses the current files for new connections, and returns when their certificate expires. */
  Instant reload() throws TlsRefusedException {
    Certificate now = Certificate.ofServer(files, clock.instant());
    context.replaceCertificate(now);
    return now.expiresAt();
  }
}
