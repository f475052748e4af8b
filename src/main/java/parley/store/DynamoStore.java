package parley.store;

import com.amazonaws.AmazonClientException;
import com.amazonaws.AmazonServiceException;
import com.amazonaws.ClientConfiguration;
import com.amazonaws.auth.DefaultAWSCredentialsProviderChain;
import com.amazonaws.auth.SignerFactory;
import com.amazonaws.client.builder.AwsClientBuilder.EndpointConfiguration;
import com.amazonaws.regions.AwsRegionProvider;
import com.amazonaws.regions.DefaultAwsRegionProviderChain;
import com.amazonaws.regions.RegionUtils;
import com.amazonaws.services.dynamodbv2.AmazonDynamoDB;
import com.amazonaws.services.dynamodbv2.AmazonDynamoDBClientBuilder;
import com.amazonaws.services.dynamodbv2.model.AttributeValue;
import com.amazonaws.services.dynamodbv2.model.ConditionalCheckFailedException;
import com.amazonaws.services.dynamodbv2.model.CreateTableRequest;
import com.amazonaws.services.dynamodbv2.model.GetItemRequest;
import com.amazonaws.services.dynamodbv2.model.PutItemRequest;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The store that several nodes share: four tables of DynamoDB (see {@link DynamoTables}). The
 * plugin pekko-persistence-dynamodb reads and writes them. {@link WriteGuard} makes its writes
 * conditional, {@link HighestNumber} replaces its search for an entity's last event, and {@link
 * DynamoSnapshots} does without the index of the plugin. {@code parley-dynamodb.conf} configures
 * the plugin.
 *
 * <p>Credentials come from the places where AWS's SDK looks for them: {@code AWS_ACCESS_KEY_ID} and
 * {@code AWS_SECRET_ACCESS_KEY}, a Kubernetes service account's web identity, a profile, the
 * machine's role. Opening the store tests them by describing each table. So a wrong setting gives
 * one line at the start, instead of an error at every user's first message.
 */
public final class DynamoStore implements Store {
  /** Plugin id of the read journal, for {@code CurrentEventsByPersistenceIdQuery}. */
  public static final String READ_JOURNAL = "dynamodb-read-journal";

  /**
   * The logger of the plugin's requests: one line for each throttled try and for each failed one.
   * The plugin chooses this name and appends the name of the actor system in brackets.
   */
  static final String CLIENT_LOGGER = "DynamoDBClient";

  /** The prefix of all keys of the journal. It never changes. */
  static final String JOURNAL_NAME = "journal";

  private static final String EPOCH = "epoch";
  private static final String ACCESS_DENIED = "AccessDeniedException";
  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,18}");
  private static final Logger LOG = LoggerFactory.getLogger(DynamoStore.class);

  private final String endpoint;
  private final DynamoTables tables;
  private final AmazonDynamoDB client;
  private JournalFormat format = new JournalFormat(1);

  static {
    // The plugin uses version 1 of the SDK. Its deprecation notice is useless to operators, who
    // cannot change that.
    System.setProperty("aws.java.v1.disableDeprecationAnnouncement", "true");
    SignerFactory.registerSigner(SigningRegion.Signer.NAME, SigningRegion.Signer.class);
  }

  private DynamoStore(String endpoint, DynamoTables tables, AmazonDynamoDB client) {
    this.endpoint = endpoint;
    this.tables = tables;
    this.client = client;
  }

  /**
   * Finds the tables, or creates them. Blocks: seconds if they exist, up to a minute if they have
   * to be created.
   *
   * @param endpoint null for Amazon's own in the region of AWS's usual settings
   * @param prefix the prefix of the tables' names
   * @param create whether missing tables are created
   * @throws StoreRefusedException if DynamoDB cannot be reached or refuses access, or if a table is
   *     missing
   */
  public static DynamoStore open(@Nullable URI endpoint, String prefix, boolean create)
      throws StoreRefusedException {
    String address = endpoint == null ? defaultEndpoint() : endpoint.toString();
    if (!WriteGuard.isOn()) {
      LOG.warn(
          "The write guard is off ({}): two writers of one conversation may replace each other's"
              + " messages. Turn it off only in tests.",
          WriteGuard.PROPERTY);
    }
    DynamoStore store =
        new DynamoStore(address, DynamoTables.of(prefix), client(address, openingTimeouts()));
    try {
      TableCreation tables = new TableCreation(store.client, withoutCredentials(address), create);
      for (CreateTableRequest table : store.tables.definitions()) {
        tables.findOrCreate(table);
      }
      store.format = JournalFormat.readOrCreate(store.client, store.tables.journal());
      return store;
    } catch (StoreRefusedException e) {
      store.close();
      throw e;
    } catch (AmazonClientException e) {
      store.close();
      throw store.refused(e);
    }
  }

  /**
   * A value that all nodes share. The first node creates it. If two nodes start at once, one value
   * is stored and both nodes get it. Blocks.
   *
   * @param name the name of its row
   * @param make creates the value if there is none yet
   * @throws StoreRefusedException if it cannot be read or stored
   */
  public String sharedValueOrCreate(String name, Supplier<String> make)
      throws StoreRefusedException {
    try {
      String kept = read(tables.secrets(), name);
      if (kept == null) {
        storeIfAbsent(name, make.get());
        kept = read(tables.secrets(), name);
      }
      if (kept == null) {
        throw new StoreRefusedException(
            "PARLEY_STORE: " + name + " was put into " + tables.secrets() + " and is not there");
      }
      return kept;
    } catch (AmazonClientException e) {
      throw refused(e);
    }
  }

  /**
   * The value of that name, read consistently. Blocks, seconds at most.
   *
   * @return null if there is none
   * @throws StoreRefusedException if the store cannot be read
   */
  public @Nullable String findSecret(String name) throws StoreRefusedException {
    try {
      return read(tables.secrets(), name);
    } catch (AmazonClientException e) {
      throw refused(e);
    }
  }

  /**
   * Replaces a value, if it has not changed since it was read. Blocks, seconds at most.
   *
   * @return false if the value has changed; then nothing is written
   * @throws StoreRefusedException if it is unknown whether the value was written
   */
  public boolean replaceSecret(String name, String before, String after)
      throws StoreRefusedException {
    try {
      client.putItem(
          new PutItemRequest(tables.secrets(), row(name, after))
              .withConditionExpression("#value = :before")
              .withExpressionAttributeNames(Map.of("#value", "value"))
              .withExpressionAttributeValues(Map.of(":before", new AttributeValue(before))));
      return true;
    } catch (ConditionalCheckFailedException e) {
      // Our own write also fails this way if its answer was lost and the SDK repeated it.
      return after.equals(findSecret(name));
    } catch (AmazonClientException e) {
      throw refused(e);
    }
  }

  /**
   * The number that {@link #writeNote} stored under that name. Blocks, seconds at most.
   *
   * @return 0 if there is none, or if the value is not a number
   * @throws StoreRefusedException if the store cannot be read
   */
  public long readNote(String name) throws StoreRefusedException {
    try {
      return number(read(tables.nodes(), name));
    } catch (AmazonClientException e) {
      throw refused(e);
    }
  }

  /**
   * As {@link #readNote}, but as an older version stored it, in the table of the secrets. Also 0 if
   * nodes may no longer read that table: then no older version runs either. Blocks, seconds at
   * most.
   *
   * @throws StoreRefusedException if the store cannot be read
   */
  public long readNoteOfOlderVersion(String name) throws StoreRefusedException {
    try {
      return number(read(tables.secrets(), name));
    } catch (AmazonClientException e) {
      if (e instanceof AmazonServiceException answer
          && ACCESS_DENIED.equals(answer.getErrorCode())) {
        return 0;
      }
      throw refused(e);
    }
  }

  private static long number(@Nullable String value) {
    return value == null || !NUMBER.matcher(value).matches() ? 0 : Long.parseLong(value);
  }

  /**
   * Stores a number under a name, and replaces the one before. Blocks, seconds at most.
   *
   * @throws StoreRefusedException if the store does not accept it
   */
  public void writeNote(String name, long number) throws StoreRefusedException {
    try {
      client.putItem(tables.nodes(), row(name, String.valueOf(number)));
    } catch (AmazonClientException e) {
      throw refused(e);
    }
  }

  /**
   * All numbers that are stored under names with that prefix, by the rest of the name. Includes the
   * numbers that an older version stored in another table. The values may only be compared for
   * equality. Reads whole small tables. Blocks, seconds at most; for tools.
   *
   * @throws StoreRefusedException if the store cannot be read
   */
  public Map<String, String> readNotes(String prefix) throws StoreRefusedException {
    try {
      Map<String, String> notes = SharedRows.numbers(client, tables.nodes(), prefix);
      readNotesOfOlderVersion(prefix)
          .forEach((name, number) -> notes.merge(name, number, (a, b) -> a + "," + b));
      return notes;
    } catch (AmazonClientException e) {
      throw refused(e);
    }
  }

  /**
   * The numbers that older versions stored. Fails without the permission to scan: a caller that
   * cannot look must not conclude that no older version runs.
   */
  private Map<String, String> readNotesOfOlderVersion(String prefix) throws StoreRefusedException {
    try {
      return SharedRows.numbers(client, tables.secrets(), prefix);
    } catch (AmazonClientException e) {
      throw new StoreRefusedException(
          "it is unknown whether nodes of an older version run; this command needs the permission"
              + " dynamodb:Scan on the table "
              + tables.secrets()
              + " ("
              + refused(e).getMessage()
              + ")");
    }
  }

  @Override
  public int shardsOrChanging(int ifNew, int ifOlderVersion) throws StoreRefusedException {
    try {
      return SharedRows.shards(client, tables.journal(), ifNew, ifOlderVersion);
    } catch (AmazonClientException e) {
      throw refused(e);
    }
  }

  @Override
  public boolean changeShards(int expected, int shards) throws StoreRefusedException {
    try {
      return SharedRows.changeShards(client, tables.journal(), expected, shards);
    } catch (AmazonClientException e) {
      throw refused(e);
    }
  }

  /**
   * One row in the table of the secrets, created by the first node. It never changes, because
   * DynamoDB does not lose the end of a history.
   */
  @Override
  public String epoch() throws StoreRefusedException {
    return sharedValueOrCreate(EPOCH, () -> UUID.randomUUID().toString());
  }

  @Override
  public Map<String, Supplier<Number>> counters() {
    return Map.of(
        "parley.store.guard.refusals", WriteGuard::refusals,
        "parley.store.transactions.repeated", WriteGuard::repeatedTransactions);
  }

  @Override
  public Config config() {
    Map<String, Object> map = new HashMap<>();
    for (String plugin :
        new String[] {"dynamodb-journal", "dynamodb-snapshot-store", READ_JOURNAL}) {
      map.put(plugin + ".endpoint", endpoint);
    }
    map.put("dynamodb-journal.journal-table", tables.journal());
    map.put("dynamodb-journal.sequence-shards", format.shards());
    map.put(READ_JOURNAL + ".journal-table", tables.journal());
    map.put(READ_JOURNAL + ".sequence-shards", format.shards());
    map.put("dynamodb-snapshot-store.snapshot-table", tables.snapshots());
    return ConfigFactory.parseMap(map, "DynamoDB at " + withoutCredentials(endpoint))
        .withFallback(ConfigFactory.parseResourcesAnySyntax("parley-dynamodb"))
        .resolve();
  }

  @Override
  public String readJournal() {
    return READ_JOURNAL;
  }

  @Override
  public Stream<String> persistenceIds(String prefix) {
    return new PersistenceIdScan(client, tables.journal()).ids(prefix);
  }

  @Override
  public CompletionStage<Optional<String>> checkMarks(String persistenceId, boolean mend) {
    JournalMarks marks = new JournalMarks(client, tables.journal(), format.shards());
    return mend ? marks.mend(persistenceId) : marks.problem(persistenceId);
  }

  /**
   * Does nothing: a service that fails recovers without this process, and clients get errors until
   * then.
   */
  @Override
  public void watch(Duration every, Consumer<String> onBroken) {}

  @Override
  public void close() {
    client.shutdown();
  }

  /** A client of that endpoint with the same credentials as the plugin's clients. */
  static AmazonDynamoDB client(String endpoint, ClientConfiguration how) {
    String host = URI.create(endpoint).getHost();
    return AmazonDynamoDBClientBuilder.standard()
        .withEndpointConfiguration(new EndpointConfiguration(endpoint, SigningRegion.of(host)))
        .withCredentials(DefaultAWSCredentialsProviderChain.getInstance())
        .withClientConfiguration(how)
        .build();
  }

  /** An endpoint as messages show it: without user and password. */
  static String withoutCredentials(String endpoint) {
    return endpoint.replaceFirst("//[^/?#]*@", "//");
  }

  private static ClientConfiguration openingTimeouts() {
    return new ClientConfiguration()
        .withConnectionTimeout(2_000)
        .withRequestTimeout(5_000)
        .withClientExecutionTimeout(12_000)
        .withMaxErrorRetry(2);
  }

  private static String defaultEndpoint() throws StoreRefusedException {
    AwsRegionProvider usual = new DefaultAwsRegionProviderChain();
    try {
      String region = usual.getRegion();
      if (region != null) {
        return "https://" + RegionUtils.getRegion(region).getServiceEndpoint("dynamodb");
      }
    } catch (AmazonClientException e) {
      LOG.debug("No region", e);
    }
    throw new StoreRefusedException(
        "PARLEY_STORE: dynamodb needs a region, AWS_REGION, or PARLEY_DYNAMODB_ENDPOINT");
  }

  private static Map<String, AttributeValue> row(String name, String value) {
    return Map.of("name", new AttributeValue(name), "value", new AttributeValue(value));
  }

  private @Nullable String read(String table, String name) {
    Map<String, AttributeValue> item =
        client
            .getItem(
                new GetItemRequest(table, Map.of("name", new AttributeValue(name)))
                    .withConsistentRead(true))
            .getItem();
    AttributeValue value = item == null ? null : item.get("value");
    return value == null ? null : value.getS();
  }

  private void storeIfAbsent(String name, String value) {
    try {
      client.putItem(
          new PutItemRequest(tables.secrets(), row(name, value))
              .withConditionExpression("attribute_not_exists(#name)")
              .withExpressionAttributeNames(Map.of("#name", "name")));
      LOG.info("Created {} in the table {}", name, tables.secrets());
    } catch (ConditionalCheckFailedException e) {
      LOG.debug("Another node created {} first", name);
    }
  }

  private StoreRefusedException refused(AmazonClientException e) {
    String why;
    if (e instanceof AmazonServiceException answer) {
      // Its message may quote the identity of the caller, never the secret key.
      why = "refuses (" + answer.getErrorCode() + ": " + answer.getErrorMessage() + ")";
    } else {
      why = "cannot be used (" + e.getMessage() + ")";
    }
    return new StoreRefusedException(
        ("PARLEY_STORE: DynamoDB at " + withoutCredentials(endpoint) + " " + why)
            .lines()
            .findFirst()
            .orElse(""),
        e);
  }
}
