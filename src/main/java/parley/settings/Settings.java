package parley.settings;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import parley.http.TrustedProxies;
import parley.journal.JournalSync;
import parley.tls.TlsFiles;

/**
 * Everything the environment decides, read once at the start. What is wrong is refused here, by the
 * name of its variable, before anything is opened. Contains no secrets itself, only the names of
 * the files they are in.
 *
 * @param listen the client port
 * @param dataDir the embedded store, cold tier, media and keys
 * @param store where events are kept
 * @param cold where entries go when they are old
 * @param auth accounts and tokens
 * @param cluster who the other nodes are
 * @param management the port of health, metrics and administration
 * @param managementWrite whether operators may make nodes leave, or declare them dead, by that port
 * @param managementAccess how operators reach that port
 * @param rates what one user or address may do
 * @param connections how many connections there may be
 * @param trustedProxies who may say for which client it calls
 * @param unready how long a stop is announced by {@code /ready} while newcomers are still served
 * @param drain over how long a stop spreads the reconnects of its clients
 * @param apns push to Apple devices, null where it is off
 * @param fcm push to Android devices, null where it is off
 * @param pushAfter how long an entry may wait for a device of a connected user before it is pushed
 * @param unknown variables that begin like ours and mean nothing here
 */
public record Settings(
    HostPort listen,
    Path dataDir,
    Store store,
    Cold cold,
    Auth auth,
    Cluster cluster,
    HostPort management,
    boolean managementWrite,
    ManagementAccess managementAccess,
    Rates rates,
    Connections connections,
    TrustedProxies trustedProxies,
    Duration unready,
    Duration drain,
    @Nullable Apns apns,
    @Nullable Fcm fcm,
    Duration pushAfter,
    List<String> unknown) {
  /**
   * The largest number of shards. The places of all shards travel in one message between nodes,
   * which must fit the transport's frame, and which is written anew for each shard that moves.
   */
  public static final int MOST_SHARDS = 4096;

  /** The kinds of event store. */
  public enum StoreKind {
    /** RocksDB in this process. */
    EMBEDDED,
    /** Amazon's, or what speaks like it. */
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
    /** They do not: there is one. */
    SINGLE,
    /** A list of addresses. */
    SEED,
    /** By the Kubernetes API. */
    KUBERNETES
  }

  /**
   * Where events are kept.
   *
   * @param endpoint of DynamoDB, null for Amazon's own
   * @param tablePrefix before the names of the tables
   * @param createTables whether missing tables are made
   * @param sync when the embedded store forces what it has committed to the disk
   */
  public record Store(
      StoreKind kind,
      @Nullable URI endpoint,
      String tablePrefix,
      boolean createTables,
      JournalSync sync) {}

  /**
   * Where entries go when they are old.
   *
   * @param endpoint of S3, null for Amazon's own
   * @param bucket null where it is not S3
   * @param hotDays the age at which they go, in days
   * @param segmentsPerMinute how many segments a node writes in a minute, at most
   */
  public record Cold(
      ColdKind kind,
      @Nullable URI endpoint,
      @Nullable String bucket,
      int hotDays,
      int segmentsPerMinute) {}

  /**
   * Accounts and tokens.
   *
   * @param keyFile the signing keys, null for such as are made and kept
   * @param issuer an identity provider whose tokens are good here too, null for none
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
   * Who the other nodes are.
   *
   * @param remote where nodes reach this one; port 0 in a single node, which nobody reaches
   * @param seeds the first nodes to ask, for {@link ClusterKind#SEED}
   * @param pods whom to look for, for {@link ClusterKind#KUBERNETES}
   * @param tls how nodes know each other
   * @param shards into how many parts each kind of entity is divided over the nodes, null for as
   *     many as the store says
   */
  public record Cluster(
      ClusterKind kind,
      HostPort remote,
      List<HostPort> seeds,
      Pods pods,
      NodeTls tls,
      @Nullable Integer shards) {}

  /**
   * How operators reach their port.
   *
   * @param tls its certificate, null for plain HTTP
   * @param hosts names by which it may be called, besides its own
   */
  public record ManagementAccess(@Nullable TlsFiles tls, List<String> hosts) {}

  /**
   * How nodes know each other.
   *
   * @param on whether by certificates; else whoever reaches the port is taken for a node
   * @param files the certificate, null where nodes make their own
   */
  public record NodeTls(boolean on, @Nullable TlsFiles files) {}

  /**
   * The other nodes as Kubernetes knows them.
   *
   * @param selector the labels of their pods, as {@code kubectl -l} takes them
   * @param required how many must have answered each other before they may form a new cluster
   */
  public record Pods(String selector, int required) {}

  /**
   * What one user or address may do; 0 lifts the limit.
   *
   * @param messagesPerMinute per user
   * @param requestsPerSecond per client address, by HTTP
   * @param groupsPerDay groups that a user may make in 24 hours
   * @param registrationsPerDay per client address
   */
  public record Rates(
      int messagesPerMinute, int requestsPerSecond, int groupsPerDay, int registrationsPerDay) {}

  /**
   * How many connections may be open at a time on the client port; 0 lifts a limit.
   *
   * @param node of this node; null for as many as {@link ConnectionCapacity} allows
   * @param perAddress from one IPv4 address or IPv6 network of 64 bits, and calls and sockets that
   *     a trusted proxy forwards for one
   */
  public record Connections(@Nullable Integer node, int perAddress) {}

  /**
   * Push to Apple devices.
   *
   * @param keyFile the provider's signing key
   * @param endpoint null for Apple's own
   * @param caFile who is trusted at that endpoint, null for the usual authorities
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
   * @throws SettingsException where one is wrong, or asks for what this version cannot do
   */
  public static Settings from(Map<String, String> environment) throws SettingsException {
    return new SettingsReader(new Environment(environment)).read();
  }
}
