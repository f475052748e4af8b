package parley.settings;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import parley.auth.ExternalIssuer;
import parley.control.SettingCatalog;
import parley.http.TrustedProxies;
import parley.journal.JournalSync;
import parley.settings.Settings.Apns;
import parley.settings.Settings.Auth;
import parley.settings.Settings.Breaker;
import parley.settings.Settings.Cluster;
import parley.settings.Settings.ClusterKind;
import parley.settings.Settings.Cold;
import parley.settings.Settings.ColdKind;
import parley.settings.Settings.Connections;
import parley.settings.Settings.Fcm;
import parley.settings.Settings.Issuer;
import parley.settings.Settings.LogFormat;
import parley.settings.Settings.Logs;
import parley.settings.Settings.Pods;
import parley.settings.Settings.Rates;
import parley.settings.Settings.Store;
import parley.settings.Settings.StoreKind;
import parley.settings.Settings.Traces;
import parley.tls.TlsFiles;
import parley.user.User;

/**
 * Reads the settings: names, defaults, and which settings need each other. {@link SettingChecks}
 * checks what is read as a whole.
 */
final class SettingsReader {
  private static final int PORT_MAX = 65_535;
  private static final int CONNECTIONS_MAX = 10_000_000;
  private static final int RATE_MAX = 1_000_000;
  private static final int REQUIRED_PODS_MAX = 1_000;
  private static final int MESSAGES_MAX = 1_000_000_000;
  private static final Pattern SELECTOR = Pattern.compile("[A-Za-z0-9./_,=!() -]{1,512}");
  private static final Pattern TABLE_PREFIX = Pattern.compile("[A-Za-z0-9_.-]{0,200}");

  /** A DNS label, which goes into a path; or nothing. */
  private static final Pattern STATEFUL_SET =
      Pattern.compile("([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)?");

  private static final Pattern HOST = Pattern.compile("[A-Za-z0-9._-]{0,253}|\\[?[0-9A-Fa-f:.]+]?");
  private static final Set<String> LOG_LEVELS = Set.of("ERROR", "WARN", "INFO", "DEBUG", "TRACE");

  private final Environment env;

  SettingsReader(Environment env) {
    this.env = env;
  }

  Settings read() throws SettingsException {
    checkLogLevels();
    Store store = store();
    Cluster cluster = cluster();
    boolean single = cluster.kind() == ClusterKind.SINGLE;
    Settings settings =
        new Settings(
            address("PARLEY_HOST", "PARLEY_PORT", 8080),
            env.path("PARLEY_DATA_DIR", "./data"),
            backupDir(),
            store,
            cold(single),
            auth(),
            cluster,
            address("PARLEY_MANAGEMENT_HOST", "PARLEY_MANAGEMENT_PORT", 8558),
            env.flag("PARLEY_MANAGEMENT_WRITE", false),
            managementAccess(),
            new Rates(
                env.number("PARLEY_RATE_MESSAGES_PER_MINUTE", 50, 0, RATE_MAX),
                env.number("PARLEY_RATE_REQUESTS_PER_SECOND", 10, 0, RATE_MAX),
                // More than people make in a day; fewer than fill many other people's inboxes.
                env.number("PARLEY_GROUPS_PER_DAY", 100, 0, User.GROUPS_KEPT),
                // A school or an office behind one address still gets in within a day or two.
                env.number("PARLEY_REGISTRATIONS_PER_DAY", 50, 0, RATE_MAX),
                // More than people write; one conversation must not take a node for itself.
                env.number("PARLEY_RATE_CONVERSATION_PER_SECOND", 100, 0, RATE_MAX),
                env.number("PARLEY_RATE_NODE_PER_SECOND", 0, 0, RATE_MAX),
                env.number("PARLEY_RATE_CLUSTER_PER_SECOND", 0, 0, RATE_MAX)),
            // Far above what healthy nodes show, so that nothing is shed by a short pause.
            new Settings.Admission(
                env.number("PARLEY_ADMISSION_SEND_MS", 500, 10, 60_000),
                env.number("PARLEY_ADMISSION_MAILBOX_MS", 250, 10, 60_000)),
            flagsOff(),
            connections(),
            trustedProxies(),
            // A probe every 5 s must fail twice, and balancers need some seconds to notice. A
            // single node has no other node to send new clients to.
            Duration.ofSeconds(env.number("PARLEY_UNREADY_SECONDS", single ? 0 : 15, 0, 300)),
            Duration.ofSeconds(env.number("PARLEY_DRAIN_SECONDS", single ? 5 : 120, 0, 3600)),
            apns(),
            fcm(),
            Duration.ofSeconds(env.number("PARLEY_PUSH_AFTER_SECONDS", 5, 0, 300)),
            env.number("PARLEY_UNREAD_AUDIT_PER_MINUTE", 60, 0, 6_000),
            env.number("PARLEY_CONVERSATION_IDLE_SECONDS", 90, 10, 3_600),
            logs(),
            traces(),
            env.unknown(),
            env.changed());
    SettingChecks.check(settings);
    return settings;
  }

  /** Names such as {@code push,archive}, as operators write them at run time. */
  private Set<String> flagsOff() throws SettingsException {
    String name = "PARLEY_FLAGS_OFF";
    Set<String> off = new TreeSet<>();
    for (String flag : env.text(name, "").split("[,\\s]+", -1)) {
      if (!flag.isEmpty() && !SettingCatalog.FLAGS.contains("flag." + flag)) {
        throw Environment.invalid(
            name,
            "must be names with commas between them, of "
                + String.join(", ", SettingCatalog.FLAGS).replace("flag.", ""),
            flag);
      }
      if (!flag.isEmpty()) {
        off.add("flag." + flag);
      }
    }
    return Set.copyOf(off);
  }

  private @Nullable Path backupDir() throws SettingsException {
    String name = "PARLEY_BACKUP_DIR";
    if (env.text(name) == null) {
      return null;
    }
    Path folder = env.path(name, "").toAbsolutePath().normalize();
    if (!Files.isDirectory(folder)) {
      throw Environment.invalid(name, "must be a folder that exists", folder.toString());
    }
    return folder;
  }

  private Store store() throws SettingsException {
    // With os a write does not wait for the disk. Power failures are rare, and clients are told of
    // a loss.
    JournalSync sync = env.choice("PARLEY_JOURNAL_SYNC", JournalSync.class, JournalSync.OS);
    return new Store(
        env.choice("PARLEY_STORE", StoreKind.class, StoreKind.EMBEDDED),
        env.url("PARLEY_DYNAMODB_ENDPOINT"),
        tablePrefix(),
        env.flag("PARLEY_DYNAMODB_CREATE_TABLES", false),
        sync,
        new Breaker(
            env.number("PARLEY_STORE_BREAKER_FAILURES", 20, 1, 1_000),
            env.number("PARLEY_STORE_BREAKER_REST_SECONDS", 3, 1, 300)));
  }

  private String tablePrefix() throws SettingsException {
    String name = "PARLEY_DYNAMODB_TABLE_PREFIX";
    String prefix = env.text(name, "parley-");
    if (!TABLE_PREFIX.matcher(prefix).matches()) {
      throw Environment.invalid(
          name, "must be at most 200 letters, digits, dots, hyphens and underscores", prefix);
    }
    return prefix;
  }

  private Cold cold(boolean single) throws SettingsException {
    ColdKind kind =
        env.choice("PARLEY_COLD_STORE", ColdKind.class, single ? ColdKind.FILE : ColdKind.OFF);
    if (kind == ColdKind.FILE && !single) {
      throw new SettingsException(
          "PARLEY_COLD_STORE", "file is one node's own disk; in a cluster it must be off or s3");
    }
    return new Cold(
        kind,
        env.url("PARLEY_S3_ENDPOINT"),
        kind == ColdKind.S3
            ? env.required("PARLEY_S3_BUCKET", "where PARLEY_COLD_STORE is s3")
            : env.text("PARLEY_S3_BUCKET"),
        env.number("PARLEY_HOT_DAYS", 30, 1, 36_500),
        env.number("PARLEY_ARCHIVE_SEGMENTS_PER_MINUTE", 60, 1, 6_000),
        new Breaker(
            env.number("PARLEY_COLD_BREAKER_FAILURES", 5, 1, 1_000),
            env.number("PARLEY_COLD_BREAKER_REST_SECONDS", 2, 1, 300)),
        env.number("PARLEY_COLD_CACHE_MB", 32, 1, 4_096),
        env.number("PARLEY_COLD_CACHE_MINUTES", 10, 1, 1_440));
  }

  private Auth auth() throws SettingsException {
    Path keyFile = env.file("PARLEY_AUTH_KEY_FILE");
    String name = env.text("PARLEY_AUTH_ISSUER");
    String audience = env.text("PARLEY_AUTH_AUDIENCE");
    var jwks = env.url("PARLEY_AUTH_JWKS_URL");
    String parties = env.text("PARLEY_AUTH_AZP");
    if (name == null && audience == null && jwks == null && parties == null) {
      return new Auth(keyFile, null);
    }
    String because = "together with the other PARLEY_AUTH_ settings of the identity provider";
    name = env.required("PARLEY_AUTH_ISSUER", because);
    audience = env.required("PARLEY_AUTH_AUDIENCE", because);
    env.required("PARLEY_AUTH_JWKS_URL", because);
    return new Auth(
        keyFile, new Issuer(name, audience, Objects.requireNonNull(jwks), parties(parties)));
  }

  private static List<String> parties(@Nullable String text) throws SettingsException {
    if (text == null) {
      return List.of();
    }
    List<String> all = Stream.of(text.split(",", -1)).map(String::strip).toList();
    if (all.size() > ExternalIssuer.MOST_PARTIES || all.contains("")) {
      throw Environment.invalid(
          "PARLEY_AUTH_AZP",
          "must be at most " + ExternalIssuer.MOST_PARTIES + " client ids with commas between them",
          text);
    }
    return all;
  }

  private Cluster cluster() throws SettingsException {
    ClusterKind kind = env.choice("PARLEY_CLUSTER", ClusterKind.class, ClusterKind.SINGLE);
    List<HostPort> seeds = env.hostPorts("PARLEY_SEED_NODES");
    if (kind == ClusterKind.SEED && seeds.isEmpty()) {
      env.required("PARLEY_SEED_NODES", "where PARLEY_CLUSTER is seed");
    }
    // No other node connects to a single node, and two of them on one machine must not use the same
    // port.
    int port = kind == ClusterKind.SINGLE ? 0 : 25_520;
    HostPort remote = address("PARLEY_REMOTE_HOST", "PARLEY_REMOTE_PORT", port);
    return new Cluster(kind, remote, seeds, pods(), nodeTls(), shards());
  }

  private @Nullable Integer shards() throws SettingsException {
    int shards = env.number("PARLEY_SHARDS", 0, 1, Settings.MAX_SHARDS);
    return shards == 0 ? null : shards;
  }

  private Settings.ManagementAccess managementAccess() throws SettingsException {
    Path cert = env.file("PARLEY_MANAGEMENT_TLS_CERT");
    Path key = env.file("PARLEY_MANAGEMENT_TLS_KEY");
    if (cert != null || key != null) {
      env.required("PARLEY_MANAGEMENT_TLS_CERT", "together with PARLEY_MANAGEMENT_TLS_KEY");
      env.required("PARLEY_MANAGEMENT_TLS_KEY", "together with PARLEY_MANAGEMENT_TLS_CERT");
    }
    Path clients = env.file("PARLEY_MANAGEMENT_TLS_CLIENT_CA");
    if (clients != null) {
      env.required("PARLEY_MANAGEMENT_TLS_CERT", "together with PARLEY_MANAGEMENT_TLS_CLIENT_CA");
    }
    String name = "PARLEY_MANAGEMENT_HOSTS";
    List<String> hosts = List.of(env.text(name, "").split("[,\\s]+"));
    for (String host : hosts) {
      if (!HOST.matcher(host).matches()) {
        throw Environment.invalid(
            name, "must be names without ports, such as ops.example,parley-0", host);
      }
    }
    return new Settings.ManagementAccess(
        cert == null || key == null ? null : new TlsFiles(cert, key, clients),
        hosts,
        env.file("PARLEY_ADMIN_TOKENS_FILE"));
  }

  private Settings.NodeTls nodeTls() throws SettingsException {
    boolean on = env.choice("PARLEY_NODE_TLS", Switch.class, Switch.ON) == Switch.ON;
    List<String> names =
        List.of("PARLEY_NODE_TLS_CERT", "PARLEY_NODE_TLS_KEY", "PARLEY_NODE_TLS_CA");
    boolean named = names.stream().anyMatch(name -> env.text(name) != null);
    names.forEach(env::text);
    // If TLS is off, some of its variables may be set and others not.
    if (!on || !named) {
      return new Settings.NodeTls(on, null);
    }
    Path cert = env.file(names.get(0));
    Path key = env.file(names.get(1));
    Path ca = env.file(names.get(2));
    for (String name : names) {
      env.required(name, "together with the other PARLEY_NODE_TLS_ settings");
    }
    return new Settings.NodeTls(
        true, new TlsFiles(Objects.requireNonNull(cert), Objects.requireNonNull(key), ca));
  }

  private enum Switch {
    ON,
    OFF
  }

  private Pods pods() throws SettingsException {
    String name = "PARLEY_KUBERNETES_SELECTOR";
    String selector = env.text(name, "app.kubernetes.io/name=parley");
    if (!SELECTOR.matcher(selector).matches()) {
      throw Environment.invalid(name, "must be labels such as app=chat,part=server", selector);
    }
    String setName = "PARLEY_KUBERNETES_STATEFULSET";
    String statefulSet = env.text(setName, "");
    if (!STATEFUL_SET.matcher(statefulSet).matches()) {
      throw Environment.invalid(setName, "must be the name of a StatefulSet", statefulSet);
    }
    return new Pods(
        selector,
        env.number("PARLEY_KUBERNETES_REQUIRED_CONTACT_POINTS", 2, 1, REQUIRED_PODS_MAX),
        statefulSet);
  }

  private Connections connections() throws SettingsException {
    return new Connections(
        env.text("PARLEY_CONNECTIONS") == null
            ? null
            : env.number("PARLEY_CONNECTIONS", 0, 0, CONNECTIONS_MAX),
        // High enough for an office, a campus or a NAT of a provider, which are one address each;
        // still a limit for a hostile one.
        env.number("PARLEY_CONNECTIONS_PER_ADDRESS", 1_000, 0, CONNECTIONS_MAX));
  }

  private TrustedProxies trustedProxies() throws SettingsException {
    String name = "PARLEY_TRUSTED_PROXIES";
    String networks = env.text(name);
    try {
      return networks == null ? TrustedProxies.NONE : TrustedProxies.parse(networks);
    } catch (IllegalArgumentException e) {
      throw Environment.invalid(
          name, Objects.requireNonNull(e.getMessage()), Objects.requireNonNull(networks));
    }
  }

  private @Nullable Apns apns() throws SettingsException {
    Path keyFile = env.file("PARLEY_APNS_KEY_FILE");
    String keyId = env.text("PARLEY_APNS_KEY_ID");
    String teamId = env.text("PARLEY_APNS_TEAM_ID");
    String topic = env.text("PARLEY_APNS_TOPIC");
    boolean sandbox = env.flag("PARLEY_APNS_SANDBOX", false);
    HostPort endpoint = env.hostPort("PARLEY_APNS_ENDPOINT");
    Path caFile = env.file("PARLEY_APNS_CA_FILE");
    String because = "together with the other PARLEY_APNS_ settings";
    if (keyFile == null && keyId == null && teamId == null && topic == null) {
      if (sandbox || endpoint != null || caFile != null) {
        env.required("PARLEY_APNS_KEY_FILE", because);
      }
      return null;
    }
    env.required("PARLEY_APNS_KEY_FILE", because);
    return new Apns(
        Objects.requireNonNull(keyFile),
        env.required("PARLEY_APNS_KEY_ID", because),
        env.required("PARLEY_APNS_TEAM_ID", because),
        env.required("PARLEY_APNS_TOPIC", because),
        sandbox,
        endpoint,
        caFile);
  }

  private @Nullable Fcm fcm() throws SettingsException {
    Path credentials = env.file("PARLEY_FCM_CREDENTIALS_FILE");
    var endpoint = env.url("PARLEY_FCM_ENDPOINT");
    if (endpoint != null) {
      env.required("PARLEY_FCM_CREDENTIALS_FILE", "together with PARLEY_FCM_ENDPOINT");
    }
    return credentials == null ? null : new Fcm(credentials, endpoint);
  }

  private @Nullable Traces traces() throws SettingsException {
    var url = env.url("PARLEY_TRACES_URL");
    if (url != null && url.getUserInfo() != null) {
      throw new SettingsException(
          "PARLEY_TRACES_URL", "must not contain a user or a password: they would not be used");
    }
    // Of a busy server still a trace or more each second, at a cost that nobody notices.
    double sample = env.fraction("PARLEY_TRACES_SAMPLE", 0.01);
    int perSecond = env.number("PARLEY_TRACES_PER_SECOND", 50, 0, 10_000);
    return url == null ? null : new Traces(url, sample, perSecond);
  }

  private Logs logs() throws SettingsException {
    return new Logs(
        env.choice("PARLEY_LOG_FORMAT", LogFormat.class, LogFormat.TEXT),
        env.number("PARLEY_LOG_MESSAGES_ONE_IN", 1_000, 0, MESSAGES_MAX));
  }

  /**
   * Checks the log levels. The logging configuration reads these variables itself, and a typo in
   * them would silently mean DEBUG.
   */
  private void checkLogLevels() throws SettingsException {
    checkLogLevel("PARLEY_LOG_LEVEL", "INFO");
    checkLogLevel("PARLEY_LOG_LEVEL_LIBRARIES", "WARN");
  }

  private void checkLogLevel(String name, String otherwise) throws SettingsException {
    String value = env.text(name, otherwise);
    if (!LOG_LEVELS.contains(value)) {
      throw Environment.invalid(name, "must be one of ERROR, WARN, INFO, DEBUG, TRACE", value);
    }
  }

  private HostPort address(String hostName, String portName, int defaultPort)
      throws SettingsException {
    String host = env.text(hostName, "127.0.0.1");
    int port = env.number(portName, defaultPort, 0, PORT_MAX);
    try {
      Objects.requireNonNull(InetAddress.getByName(host));
      return new HostPort(host, port);
    } catch (UnknownHostException e) {
      throw Environment.invalid(hostName, "must be an address or a name that resolves", host);
    }
  }
}
