package parley.cluster;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import parley.settings.Settings;
import parley.settings.SettingsException;
import parley.telemetry.Telemetry;
import parley.tls.Certificate;
import parley.tls.SelfMadeCertificate;
import parley.tls.TlsFiles;
import parley.tls.TlsRefusedException;

/**
 * TLS for the port between nodes. Nodes authenticate each other by certificates, unless the
 * settings switch this off. See the package {@code parley.tls}.
 */
public final class NodeTls {
  private static final Logger LOG = LoggerFactory.getLogger(NodeTls.class);

  /**
   * The folder in the user's home in which nodes of one user on one machine share the certificates
   * that they made.
   */
  private static final Path SHARED_FOLDER = Path.of(".parley", "node-tls");

  private final @Nullable TlsFiles files;
  private final InstantSource clock;

  private NodeTls(@Nullable TlsFiles files, InstantSource clock) {
    this.files = files;
    this.clock = clock;
  }

  /**
   * Reads the certificate, or makes one if none is set, and checks that it can be used. Blocks.
   *
   * @throws SettingsException with the variable whose file cannot be used
   */
  public static NodeTls read(Settings settings, InstantSource clock) throws SettingsException {
    Settings.NodeTls wanted = settings.cluster().tls();
    if (!wanted.on()) {
      if (settings.cluster().kind() != Settings.ClusterKind.SINGLE) {
        LOG.warn(
            "PARLEY_NODE_TLS is off: whoever reaches {} can read and write every conversation",
            settings.cluster().remote());
      }
      return new NodeTls(null, clock);
    }
    TlsFiles files = wanted.files() == null ? selfMade(settings, clock) : wanted.files();
    read(files, clock.instant());
    return new NodeTls(files, clock);
  }

  private static TlsFiles selfMade(Settings settings, InstantSource clock)
      throws SettingsException {
    Path folder =
        settings.cluster().kind() == Settings.ClusterKind.SINGLE
            ? settings.dataDir().resolve("node-tls")
            : Path.of(System.getProperty("user.home")).resolve(SHARED_FOLDER);
    try {
      return SelfMadeCertificate.in(folder, clock);
    } catch (IOException e) {
      throw new SettingsException(
          "PARLEY_NODE_TLS_CERT",
          "is not set, and none can be made in " + folder.toAbsolutePath() + " (" + e + ")");
    }
  }

  private static Certificate read(TlsFiles files, Instant now) throws SettingsException {
    try {
      return Certificate.ofNode(files, now);
    } catch (TlsRefusedException e) {
      throw new SettingsException(
          "PARLEY_NODE_TLS_" + e.part().name(), String.valueOf(e.getMessage()));
    }
  }

  /** The authority that signs the certificates of nodes; empty if nodes have none. */
  public Optional<X509Certificate> authority() {
    try {
      return files == null
          ? Optional.empty()
          : Optional.ofNullable(Certificate.ofNode(files, clock.instant()).authority());
    } catch (TlsRefusedException e) {
      return Optional.empty(); // valid at the start; the certificate watch reports it
    }
  }

  /** The configuration of the transport; empty if TLS is off. */
  public Config config() {
    return files == null ? ConfigFactory.empty() : config(files);
  }

  public static Config config(TlsFiles files) {
    String engine = "pekko.remote.artery.ssl.rotating-keys-engine.";
    return ConfigFactory.parseMap(
        Map.of(
            "pekko.remote.artery.transport",
            "tls-tcp",
            "pekko.remote.artery.ssl.ssl-engine-provider",
            "org.apache.pekko.remote.artery.tcp.ssl.RotatingKeysSSLEngineProvider",
            engine + "cert-file",
            absolute(files.cert()),
            engine + "key-file",
            absolute(files.key()),
            engine + "ca-cert-file",
            absolute(java.util.Objects.requireNonNull(files.ca())),
            // How soon new connections use replaced files.
            engine + "ssl-context-cache-ttl",
            "1 minute"),
        "certificates of nodes");
  }

  /** Starts to watch the certificate while the node runs; empty if TLS is off. */
  public Optional<CertificateWatch> watch(Telemetry telemetry) {
    TlsFiles watched = files;
    return watched == null
        ? Optional.empty()
        : Optional.of(
            CertificateWatch.start(
                "PARLEY_NODE_TLS_CERT",
                "connections between nodes",
                "parley.node.certificate.days.left",
                () -> Certificate.ofNode(watched, clock.instant()).expiresAt(),
                clock,
                telemetry));
  }

  private static String absolute(Path file) {
    return file.toAbsolutePath().normalize().toString();
  }
}
