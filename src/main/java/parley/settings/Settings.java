package parley.settings;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import parley.http.TrustedProxies;
import parley.journal.JournalSync;
import parley.tls.TlsFiles;

/**
 * All settings of the environment, read once at the start. A wrong value is refused before anything
 * is opened, with the name of its variable. Contains no secrets itself, only the names of the files
 * that hold them.
 *
 * @param listen the client port
 * @param dataDir the folder of the embedded store, cold tier and keys
 * @param backupDir the folder in which backups of the data folder are made, null if none is set
 * @param store where events are kept
 * @param cold where old entries are stored
 * @param auth accounts and tokens
 * @param cluster the cluster and its nodes
 * @param management the port of health, metrics and administration
 * @param managementWrite whether operators may change anything by that port, such as make nodes
 *     leave or declare them dead
 * @param managementAccess how operators reach that port
 * @param rates what one user or address may do
 * @param admission from where on load is shed
 * @param flagsOff the flags that are off, by the names that operators use at run time
 * @param connections how many connections there may be
 * @param trustedProxies the proxies that may say for which client they call
 * @param unready how long {@code /ready} announces a stop while new clients are still served
 * @param drain over how long a stop spreads the reconnects of its clients
 * @param apns push to Apple devices, null if it is off
 * @param fcm push to Android devices, null if it is off
 * @param pushAfter how long an entry may wait for a device of a connected user before it is pushed
 * @param unreadAuditPerMinute inbox rows whose unread count is checked in a minute; 0 for none
 * @param conversationIdleSeconds how long an unused conversation stays in memory
 * @param logs how the log is written
 * @param traces where traces of messages go, null if they are off
 * @param unknown variables that begin with {@code PARLEY_} and are no settings
 * @param changed the variables whose values differ from their defaults, as {@code NAME=value};
 *     without secrets
 */
public record Settings(
    HostPort listen,
    Path dataDir,
    @Nullable Path backupDir,
    Store store,
    Cold cold,
    Auth auth,
    Cluster cluster,
    HostPort management,
    boolean managementWrite,
    ManagementAccess managementAccess,
    Rates rates,
    Admission admission,
    Set<String> flagsOff,
    Connections connections,
    TrustedProxies trustedProxies,
    Duration unready,
    Duration drain,
    @Nullable Apns apns,
    @Nullable Fcm fcm,
    Duration pushAfter,
    int unreadAuditPerMinute,
    int conversationIdleSeconds,
    Logs logs,
    @Nullable Traces traces,
    List<String> unknown,
    List<String> changed) {
  /**
   * The largest number of shards. The locations of all shards travel in one message between nodes.
   * That message must fit into the transport's frame, and it is written again for each shard that
   * moves.
   */
  public static final int MAX_SHARDS = 4096;

  /** The kinds of event store. */
  public enum StoreKind {
    /** RocksDB in this process. */
    EMBEDDED,
    /** Amazon DynamoDB, or a service with the same interface. */
    DYNAMODB
  }

  /** The kinds of cold tier. */
  public enum ColdKind {
    /** Entries stay in the journal. */
    OFF,
    /** Files in the data folder. */
    FILE,
    /** A bucket. */
    S3
  }

  /** How nodes find each other. */
  public enum ClusterKind {
    /** There is only one node. */
    SINGLE,
    /** A list of addresses. */
    SEED,
    /** By the Kubernetes API. */
    KUBERNETES
  }

  /** The forms of a line of the log. */
  public enum LogFormat {
    /** For people. */
    TEXT,
    /** One JSON object a line, for a log collector. */
    JSON
  }

  /**
   * How the log is written.
   *
   * @param messagesOneIn of how many messages the way of one is logged at debug; 0 for none
   */
  public record Logs(LogFormat format, int messagesOneIn) {}

  /**
   * Where traces of messages go.
   *
   * @param url the collector, by OTLP over HTTP
   * @param sample the part of messages that are traced, 0 to 1
   * @param perSecond the most traces that begin on this node in a second, 0 for no limit
   */
  public record Traces(URI url, double sample, int perSecond) {}

  /**
   * Where events are kept.
   *
   * @param endpoint of DynamoDB, null for Amazon's own
   * @param tablePrefix the prefix of the tables' names
   * @param createTables whether missing tables are created
   * @param sync when the embedded store forces committed data to the disk
   * @param breaker of the journal and of the snapshots, each for itself
   */
  public record Store(
      StoreKind kind,
      @Nullable URI endpoint,
      String tablePrefix,
      boolean createTables,
      JournalSync sync,
      Breaker breaker) {}

  /**
   * When calls to a store are not tried for a while.
   *
   * @param failures calls in a row that have failed
   * @param restSeconds for how long
   */
  public record Breaker(int failures, int restSeconds) {}

  /**
   * Where old entries are stored.
   *
   * @param endpoint of S3, null for Amazon's own
   * @param bucket null if the kind is not S3
   * @param hotDays the age at which entries move to the cold tier, in days
   * @param segmentsPerMinute how many segments a node writes in a minute, at most
   * @param breaker its first rest; later ones are longer
   * @param cacheMegabytes how much is kept in memory
   * @param cacheMinutes and for how long
   */
  public record Cold(
      ColdKind kind,
      @Nullable URI endpoint,
      @Nullable String bucket,
      int hotDays,
      int segmentsPerMinute,
      Breaker breaker,
      int cacheMegabytes,
      int cacheMinutes) {}

  /**
   * Accounts and tokens.
   *
   * @param keyFile the file of the signing keys; null if the server creates and keeps them itself
   * @param issuer an identity provider whose tokens are accepted too, null for none
   */
  public record Auth(@Nullable Path keyFile, @Nullable Issuer issuer) {}

  /**
   * An external identity provider.
   *
   * @param name the {@code iss} of its tokens
   * @param audience the {@code aud} they must have
   * @param jwks where its public keys are
   * @param parties the {@code azp} its tokens may have; empty for the audience
   */
  public record Issuer(String name, String audience, URI jwks, List<String> parties) {}

  /**
   * The cluster and its nodes.
   *
   * @param remote where nodes reach this one; port 0 in a single node, which no other node reaches
   * @param seeds the first nodes to ask, for {@link ClusterKind#SEED}
   * @param pods which pods to look for, for {@link ClusterKind#KUBERNETES}
   * @param tls how nodes authenticate each other
   * @param shards the number of shards of each kind of entity; null for the store's number
   */
  public record Cluster(
      ClusterKind kind,
      HostPort remote,
      List<HostPort> seeds,
      Pods pods,
      NodeTls tls,
      @Nullable Integer shards) {}

  /**
   * How operators reach the management port.
   *
   * @param tls its certificate, null for plain HTTP; its authority is that of clients, null if they
   *     are not asked for a certificate
   * @param hosts further names that requests may use for it, besides the node's own
   * @param tokens the file with the tokens of operators; null for none
   */
  public record ManagementAccess(
      @Nullable TlsFiles tls, List<String> hosts, @Nullable Path tokens) {}

  /**
   * How nodes authenticate each other.
   *
   * @param on whether by certificates; without them every process that reaches the port is taken
   *     for a node
   * @param files the certificate, null if nodes make their own
   */
  public record NodeTls(boolean on, @Nullable TlsFiles files) {}

  /**
   * How nodes find each other on Kubernetes.
   *
   * @param selector the labels of their pods, as {@code kubectl -l} takes them
   * @param required how many pods must have answered each other before they may form a new cluster
   * @param statefulSet the StatefulSet of the pods, whose replicas say that number too; empty for
   *     none
   */
  public record Pods(String selector, int required, String statefulSet) {}

  /**
   * What one user or address may do; 0 lifts the limit.
   *
   * @param messagesPerMinute per user
   * @param requestsPerSecond per client address, by HTTP
   * @param groupsPerDay groups that a user may make in 24 hours
   * @param registrationsPerDay per client address
   * @param conversationPerSecond messages in each conversation
   * @param nodePerSecond messages that the clients of each node send
   * @param clusterPerSecond messages that all clients send
   */
  public record Rates(
      int messagesPerMinute,
      int requestsPerSecond,
      int groupsPerDay,
      int registrationsPerDay,
      int conversationPerSecond,
      int nodePerSecond,
      int clusterPerSecond) {}

  /**
   * From where on load is shed.
   *
   * @param sendMillis time of a send, p99
   * @param mailboxMillis how long a message waits for a thread
   */
  public record Admission(int sendMillis, int mailboxMillis) {}

  /**
   * How many connections may be open at a time on the client port; 0 lifts a limit.
   *
   * @param node the limit of this node; null for as many as {@link ConnectionCapacity} allows
   * @param perAddress the limit of one IPv4 address or IPv6 network of 64 bits; counts also the
   *     calls and sockets that a trusted proxy forwards for that address
   */
  public record Connections(@Nullable Integer node, int perAddress) {}

  /**
   * Push to Apple devices.
   *
   * @param keyFile the provider's signing key
   * @param endpoint null for Apple's own
   * @param caFile the authorities that are trusted at that endpoint, null for the usual ones
   */
  public record Apns(
      Path keyFile,
      String keyId,
      String teamId,
      String topic,
      boolean sandbox,
      @Nullable HostPort endpoint,
      @Nullable Path caFile) {}

  /**
   * Push to Android devices.
   *
   * @param credentialsFile the service account
   * @param endpoint null for Google's own
   */
  public record Fcm(Path credentialsFile, @Nullable URI endpoint) {}

  /**
   * Reads the variables of the operator's manual ({@code docs/operating.md}).
   *
   * @throws SettingsException if one is wrong, or asks for something that this version does not
   *     have
   */
  public static Settings from(Map<String, String> environment) throws SettingsException {
    return new SettingsReader(new Environment(environment)).read();
  }
}
