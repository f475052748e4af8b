package parley.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.SinkQueueWithCancel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import parley.model.ConversationId;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.UserId;
import parley.telemetry.Telemetry;

/**
 * The contract of every cold tier. {@link #objects} are stored in {@link #files} as files of the
 * same names.
 */
abstract class ColdTierContract {
  static final ConversationId ID = new ConversationId("g_01J9Z");

  final ArchiveHarness archiveHarness = new ArchiveHarness("");
  final Telemetry telemetry = new Telemetry();
  @TempDir Path folder;
  private FaultyObjectStore store;
  private ColdTier tier;

  abstract ObjectStore objects();

  abstract Path files();

  @BeforeEach
  void open() {
    store = new FaultyObjectStore(objects());
    tier = ColdTiers.over(store, archiveHarness.kit.system(), telemetry);
  }

  @AfterEach
  void close() {
    archiveHarness.close();
    telemetry.close();
  }

  /** The cold tier of another node, or of this node after a restart. */
  private ColdTier another() {
    store = new FaultyObjectStore(objects());
    try (Telemetry own = new Telemetry()) {
      tier = ColdTiers.over(store, archiveHarness.kit.system(), own);
    }
    return tier;
  }

  private Manifest write(List<Entry> entries) {
    return ArchiveHarness.result(tier.write(ID, entries));
  }

  private List<Entry> read(long from, long to) {
    return archiveHarness.all(tier.read(ID, from, to));
  }

  private List<Entry> readStored(long from, long to) {
    return archiveHarness.all(tier.readStored(ID, from, to));
  }

  @Test
  void anyPartOfAWrittenSegmentCanBeRead() {
    assertThat(ArchiveHarness.result(tier.check())).isNotNull();
    long seed = EntrySamples.seed();
    List<Entry> entries = new EntrySamples(seed).entries(1, 12_000);
    List<Manifest> manifests = new ArrayList<>();
    // Segments of several lengths, across the borders where the prefix of names changes.
    int at = 0;
    for (int length : new int[] {4_999, 1, 4_998, 3, 700, 1_299}) {
      manifests.add(write(entries.subList(at, at + length)));
      at += length;
    }
    assertThat(archiveHarness.all(tier.manifests(ID))).isEqualTo(manifests);
    assertThat(manifests.get(2))
        .returns(5_001L, Manifest::from)
        .returns(9_998L, Manifest::to)
        .returns(4_998, Manifest::count)
        .returns(entries.get(5_000).at(), Manifest::firstAt)
        .returns(entries.get(9_997).at(), Manifest::lastAt)
        .returns(1, Manifest::format)
        .returns(ID, Manifest::conversationId);
    assertThat(read(1, 12_000)).isEqualTo(entries);
    assertThat(another().read(ID, 1, 0)).isNotNull();
    Random random = new Random(seed);
    for (int i = 0; i < 60; i++) {
      int from = 1 + random.nextInt(12_000);
      int to = Math.min(12_000, from + random.nextInt(200));
      assertThat(read(from, to)).as(from + ".." + to).isEqualTo(entries.subList(from - 1, to));
    }
    for (int seq :
        new int[] {1, 4_999, 5_000, 5_001, 9_998, 9_999, 10_000, 10_001, 10_002, 12_000}) {
      assertThat(readStored(seq, seq)).isEqualTo(entries.subList(seq - 1, seq));
    }
  }

  @Test
  void theSegmentOfAnEntryIsFound() {
    List<Entry> entries = new EntrySamples(1).entries(1, 300);
    Manifest first = write(entries.subList(0, 100));
    Manifest second = write(entries.subList(100, 300));
    for (long seq : new long[] {1, 100, 101, 300}) {
      assertThat(archiveHarness.all(another().segmentOf(ID, seq)))
          .containsExactly(seq <= 100 ? first : second);
    }
    assertThatThrownBy(() -> archiveHarness.all(another().segmentOf(ID, 301)))
        .isInstanceOf(ColdDamaged.class);
  }

  @Test
  void nothingIsReadWhereNothingIs() {
    assertThat(archiveHarness.all(tier.manifests(ID))).isEmpty();
    assertThat(read(5, 4)).isEmpty();
    assertThatThrownBy(() -> read(1, 1)).isInstanceOf(ColdDamaged.class).hasMessageContaining("1");
    assertThatThrownBy(() -> tier.read(ID, 0, 1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> write(List.of())).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aHoleOrAnEndTooEarlyFailsTheRead() {
    List<Entry> entries = new EntrySamples(1).entries(1, 300);
    write(entries.subList(0, 100));
    write(entries.subList(200, 300));
    assertThat(read(201, 300)).hasSize(100);
    for (long[] range : new long[][] {{1, 300}, {150, 150}, {100, 101}, {200, 201}, {299, 301}}) {
      assertThatThrownBy(() -> read(range[0], range[1])).isInstanceOf(ColdDamaged.class);
    }
  }

  @Test
  void unusualAndSimilarIdsStaySeparate() {
    List<ConversationId> ids =
        Stream.of(
                "../x",
                "a/b",
                "a",
                "a/",
                ".",
                "A.2F",
                "~!@#$%^&*()+=[]{}|;:'\",<>?`\\",
                "d_" + "f".repeat(62))
            .map(ConversationId::new)
            .toList();
    for (int i = 0; i < ids.size(); i++) {
      ArchiveHarness.result(tier.write(ids.get(i), new EntrySamples(i).entries(1, 3 + i)));
    }
    for (int i = 0; i < ids.size(); i++) {
      assertThat(archiveHarness.all(another().read(ids.get(i), 1, 3 + i)))
          .isEqualTo(new EntrySamples(i).entries(1, 3 + i));
      assertThat(archiveHarness.all(tier.manifests(ids.get(i)))).hasSize(1);
    }
  }

  @Test
  void writingTheSameSegmentAgainChangesNothing() throws IOException {
    List<Entry> entries = new EntrySamples(EntrySamples.seed()).entries(1, 400);
    Manifest first = write(entries);
    Map<String, String> before = contents();
    assertThat(before).hasSize(2);
    assertThat(write(entries)).isEqualTo(first);
    another();
    assertThat(write(entries)).isEqualTo(first);
    assertThat(contents()).isEqualTo(before);
  }

  /** The process dies at each call to the store in turn, and the next process repeats the write. */
  @Test
  void aWriteCutAtAnyStepIsFinishedByTheNextOne() throws IOException {
    List<Entry> entries = new EntrySamples(EntrySamples.seed()).entries(1, 60);
    write(entries.subList(0, 20));
    write(entries.subList(20, 40));
    int steps = store.verbs().size() / 2;
    assertThat(steps).isGreaterThanOrEqualTo(4);
    for (int step = 1; step <= steps; step++) {
      for (boolean happens : new boolean[] {false, true}) {
        another();
        store.dieAfter = step;
        store.lastOneHappens = happens;
        assertThatThrownBy(() -> write(entries.subList(40, 55)))
            .isInstanceOf(ColdUnavailable.class);
        another();
        assertThat(read(1, 40)).isEqualTo(entries.subList(0, 40));
        // More entries have become old meanwhile.
        write(entries.subList(40, 60));
        assertThat(readStored(1, 60)).isEqualTo(entries);
        assertThat(archiveHarness.all(tier.manifests(ID)))
            .extracting(Manifest::to)
            .containsExactly(20L, 40L, 60L);
        assertThat(contents()).hasSize(6);
        for (String name : contents().keySet()) {
          if (name.contains("60-")) {
            Files.delete(path(name));
          }
        }
      }
    }
  }

  @Test
  void aSegmentOfOtherContentReplacesTheOldOne() throws IOException {
    List<Entry> entries = new ArrayList<>(new EntrySamples(5).talk(1, 50));
    write(entries);
    assertThat(read(7, 7)).isEqualTo(entries.subList(6, 7));
    entries.set(6, entries.get(6).withBody(new EntryBody.Text(null, null, null, false)));
    store.verbs();
    write(entries);
    assertThat(store.verbs()).containsExactly("put", "get", "get", "put", "get", "delete", "list");
    assertThat(contents()).hasSize(2);
    assertThat(read(1, 50)).isEqualTo(entries);
  }

  /** A writer that wakes up late must not delete what another writer relies on. */
  @Test
  void aLongerSegmentIsLeftAndIsHarmless() throws IOException {
    List<Entry> entries = new EntrySamples(6).entries(1, 100);
    write(entries.subList(0, 80));
    write(entries.subList(0, 50));
    assertThat(contents()).hasSize(4);
    write(entries.subList(80, 100));
    write(entries.subList(50, 90));
    for (int from = 1; from <= 100; from += 9) {
      assertThat(readStored(from, 100)).isEqualTo(entries.subList(from - 1, 100));
    }
  }

  /**
   * The late writer had put its segment. It puts its manifest after the longer segment has replaced
   * it.
   */
  @Test
  void aManifestThatComesTooLateHarmsNobody() throws IOException {
    // The second segment ends at 10,040, so its prefix differs from that of the late one, 9,990.
    for (long from : new long[] {1, 9_941}) {
      List<Entry> entries = new EntrySamples(6).entries(from, 100);
      write(entries.subList(0, 50));
      String late =
          contents().keySet().stream()
              .filter(name -> name.endsWith(String.format("-%019d.json", from)))
              .findFirst()
              .orElseThrow();
      byte[] manifest = Files.readAllBytes(path(late));
      write(entries);
      assertThat(contents()).doesNotContainKey(late);
      Files.write(path(late), manifest);
      assertThat(readStored(from, from + 99)).isEqualTo(entries);
      assertThat(readStored(from + 49, from + 49)).isEqualTo(entries.subList(49, 50));
    }
  }

  @Test
  void aSegmentThatReadsBackDifferentlyGetsNoManifest() {
    List<Entry> entries = new EntrySamples(7).entries(1, 100);
    store.read = bytes -> flipped(bytes, bytes.length / 2);
    assertThatThrownBy(() -> write(entries)).isInstanceOf(ColdDamaged.class);
    store.read = bytes -> Arrays.copyOf(bytes, bytes.length - 1);
    assertThatThrownBy(() -> write(entries)).isInstanceOf(ColdDamaged.class);
    assertThat(store.verbs()).containsExactly("put", "get", "put", "get");
    store.read = bytes -> bytes;
    assertThat(archiveHarness.all(tier.manifests(ID))).isEmpty();
    write(entries);
    assertThat(read(1, 100)).isEqualTo(entries);
  }

  @Test
  void aFlippedBitIsFoundBeforeAnyEntryIsReturned() throws IOException {
    List<Entry> entries = new EntrySamples(8).entries(1, 200);
    write(entries);
    Path segment = path(name(".jsonl.gz"));
    byte[] right = Files.readAllBytes(segment);
    Random random = new Random(EntrySamples.seed());
    for (int i = 0; i < 30; i++) {
      int at = i < 12 ? i : random.nextInt(right.length);
      Files.write(segment, flipped(right, at));
      List<Entry> seen = new ArrayList<>();
      assertThatThrownBy(() -> archiveHarness.all(another().read(ID, 1, 200).wireTap(seen::add)))
          .as("byte " + at)
          .isInstanceOf(ColdDamaged.class)
          .hasMessageContaining("checksum");
      assertThat(seen).isEmpty();
    }
    Files.write(segment, right);
    assertThat(read(1, 200)).isEqualTo(entries);
  }

  @Test
  void truncatedMissingOrForeignObjectsAreDamage() throws IOException {
    write(new EntrySamples(9).entries(1, 200));
    Map<String, byte[]> right = new TreeMap<>();
    for (String name : contents().keySet()) {
      right.put(name, Files.readAllBytes(path(name)));
    }
    assertThat(right).hasSize(2);
    for (Map.Entry<String, byte[]> object : right.entrySet()) {
      Path path = path(object.getKey());
      byte[] bytes = object.getValue();
      for (byte[] wrong :
          new byte[][] {
            {},
            Arrays.copyOf(bytes, bytes.length / 2),
            Arrays.copyOf(bytes, bytes.length + 1),
            {'{', '}'}
          }) {
        Files.write(path, wrong);
        assertThatThrownBy(() -> archiveHarness.all(another().read(ID, 1, 1)))
            .isInstanceOf(ColdDamaged.class);
      }
      Files.delete(path);
      assertThatThrownBy(() -> archiveHarness.all(another().read(ID, 1, 1)))
          .isInstanceOf(ColdDamaged.class);
      Files.write(path, bytes);
    }
    assertThat(archiveHarness.all(another().read(ID, 1, 200))).hasSize(200);
  }

  @Test
  void anObjectThatIsFarTooLargeIsNotTakenIntoMemory() throws IOException {
    write(new EntrySamples(9).entries(1, 20));
    Files.write(path(name(".json")), new byte[ManifestJson.MOST_BYTES + 1]);
    assertThatThrownBy(() -> archiveHarness.all(another().read(ID, 1, 1)))
        .isInstanceOf(ColdDamaged.class)
        .hasMessageContaining("more than");
    assertThatThrownBy(() -> archiveHarness.all(tier.manifests(ID)))
        .isInstanceOf(ColdDamaged.class);
  }

  @Test
  void aPageReadAgainComesFromMemory() {
    List<Entry> entries = new EntrySamples(10).entries(1, 500);
    write(entries);
    store.verbs();
    assertThat(read(100, 200)).hasSize(101);
    assertThat(store.verbs()).containsExactly("list", "get", "get");
    assertThat(read(1, 50)).isEqualTo(entries.subList(0, 50));
    assertThat(store.verbs()).isEmpty();
    assertThat(readStored(1, 50)).isEqualTo(entries.subList(0, 50));
    assertThat(store.verbs()).containsExactly("list", "get", "get");
    assertThat(telemetry.registry().timer(ColdMeters.READS, "from", "cache").count()).isEqualTo(1);
    assertThat(telemetry.registry().timer(ColdMeters.READS, "from", "store").count()).isEqualTo(2);
    assertThat(telemetry.registry().counter(ColdMeters.WRITTEN).count()).isEqualTo(1.0);
    assertThat(telemetry.scrape()).contains("parley_cold_bytes_total", "parley_cold_cache_bytes");
  }

  /** The next segment of a long history is fetched only when the previous one is used up. */
  @Test
  void oneSegmentAtATimeIsInMemory() throws Exception {
    Random random = new Random(EntrySamples.seed());
    UserId ann = new UserId("u_ann");
    for (int segment = 0; segment < 3; segment++) {
      List<Entry> large = new ArrayList<>();
      for (int i = 1; i <= 250; i++) {
        byte[] noise = new byte[8 * 1024];
        random.nextBytes(noise);
        String content = HexFormat.of().formatHex(noise);
        large.add(
            new Entry(
                segment * 250L + i,
                "m" + i,
                ann,
                1,
                null,
                new EntryBody.Text(content, null, null, false)));
      }
      assertThat(write(large).rawBytes()).isGreaterThan(4_000_000);
    }
    another();
    SinkQueueWithCancel<Entry> queue =
        tier.read(ID, 1, 750).runWith(Sink.queue(), archiveHarness.kit.system());
    for (int seq = 1; seq <= 250; seq++) {
      assertThat(ArchiveHarness.result(queue.pull()).orElseThrow().seq()).isEqualTo(seq);
      if (seq == 200) {
        assertThat(store.calls).filteredOn(call -> call.endsWith(".jsonl.gz")).hasSize(1);
      }
    }
    assertThat(ArchiveHarness.result(queue.pull()).orElseThrow().seq()).isEqualTo(251);
    assertThat(store.calls).filteredOn(call -> call.endsWith(".jsonl.gz")).hasSize(2);
    queue.cancel();
  }

  private static byte[] flipped(byte[] bytes, int at) {
    byte[] wrong = bytes.clone();
    wrong[at] ^= 0x10;
    return wrong;
  }

  private String name(String end) throws IOException {
    return contents().keySet().stream().filter(n -> n.endsWith(end)).findFirst().orElseThrow();
  }

  private Path path(String name) {
    return files().resolve("conversations").resolve(ID.value()).resolve(name);
  }

  /** All files in the conversation's folder, by name. */
  private Map<String, String> contents() throws IOException {
    Map<String, String> contents = new TreeMap<>();
    try (Stream<Path> all = Files.list(path(""))) {
      for (Path file : all.toList()) {
        contents.put(String.valueOf(file.getFileName()), Segment.sha256(Files.readAllBytes(file)));
      }
    }
    return contents;
  }
}
