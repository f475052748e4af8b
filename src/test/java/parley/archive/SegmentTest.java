package parley.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import parley.model.ConversationId;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.Role;
import parley.model.UserId;

/**
 * The stored format, byte for byte. Golden files are never edited: stored segments look like them.
 */
class SegmentTest {
  private static final ConversationId ID = new ConversationId("g_1");
  private static final UserId ANN = new UserId("u_ann");
  private static final UserId BOB = new UserId("u_bob");

  /** One entry of each shape. */
  static List<Entry> samples() {
    List<EntryBody> bodies =
        List.of(
            new EntryBody.GroupCreated("Trip", "https://x/y", List.of(ANN, BOB)),
            new EntryBody.GroupCreated("Trip", null, List.of()),
            new EntryBody.Text("hi \"there\"\n\u0000😀", null, null, false),
            new EntryBody.Text("re", 3L, List.of(BOB), false),
            new EntryBody.Text("re", 3L, List.of(), true),
            new EntryBody.Text(null, null, null, false),
            new EntryBody.Text(null, 3L, List.of(BOB), false),
            new EntryBody.Edit(3, "new"),
            new EntryBody.Edit(3, null),
            new EntryBody.Delete(3, BOB),
            new EntryBody.Reaction(3, "👍"),
            new EntryBody.Reaction(3, ""),
            new EntryBody.Reaction(3, null),
            new EntryBody.MembersAdded(List.of(BOB)),
            new EntryBody.MemberRemoved(BOB),
            new EntryBody.RoleChanged(BOB, Role.ADMIN),
            new EntryBody.RoleChanged(BOB, Role.MEMBER),
            new EntryBody.GroupChanged("Trips", null),
            new EntryBody.GroupChanged(null, ""));
    List<Entry> entries = new ArrayList<>();
    for (EntryBody entryBody : bodies) {
      long seq = 41L + entries.size();
      entries.add(
          new Entry(
              seq,
              "01J000000000000000000000" + seq,
              ANN,
              1_700_000_000_000L + seq,
              seq % 2 == 0 ? null : "c-" + seq,
              entryBody));
    }
    return entries;
  }

  @Test
  void theSamplesHaveEveryKindOfBody() {
    Map<Class<?>, Boolean> seen = new LinkedHashMap<>();
    samples().forEach(entry -> seen.put(entry.body().getClass(), true));
    assertThat(seen.keySet()).containsExactlyInAnyOrder(EntryBody.class.getPermittedSubclasses());
  }

  @Test
  void linesAreWrittenAsInTheGoldenFile() throws IOException {
    Segment segment = Segment.of(ID, samples());
    byte[] lines = new GZIPInputStream(new ByteArrayInputStream(segment.bytes())).readAllBytes();
    assertThat(new String(lines, StandardCharsets.UTF_8))
        .isEqualTo(new String(golden("segment.jsonl"), StandardCharsets.UTF_8));
  }

  @Test
  void goldenSegmentsAreRead() throws IOException {
    byte[] json = golden("manifest.json");
    Manifest manifest = ManifestJson.read(ID, name(), json);
    assertThat(new String(ManifestJson.write(manifest), StandardCharsets.UTF_8))
        .isEqualTo(new String(json, StandardCharsets.UTF_8));
    Segment segment = new Segment(manifest, golden("segment.jsonl.gz"));
    segment.verify();
    assertThat(all(segment)).isEqualTo(samples());
  }

  private static ObjectKeys.Name name() {
    return Objects.requireNonNull(ObjectKeys.parse(ObjectKeys.manifest(ID, 41, 59)));
  }

  @Test
  void theSameEntriesGiveTheSameBytes() {
    List<Entry> entries = new EntrySamples(EntrySamples.seed()).entries(1, 500);
    byte[] one = Segment.of(ID, entries).bytes();
    byte[] other = Segment.of(ID, List.copyOf(entries)).bytes();
    assertThat(HexFormat.of().formatHex(one)).isEqualTo(HexFormat.of().formatHex(other));
    // The header of gzip has a field for the time; it must be empty.
    assertThat(new byte[] {one[4], one[5], one[6], one[7]}).containsOnly(0);
  }

  @Test
  void anyContentIsReadBackExactly() {
    EntrySamples entrySamples = new EntrySamples(EntrySamples.seed());
    for (int round = 0; round < 20; round++) {
      List<Entry> entries = entrySamples.entries(1 + round * 1_000L, 300);
      assertThat(all(Segment.of(ID, entries))).isEqualTo(entries);
    }
  }

  @Test
  void anyTimestampIsReadBackExactly() {
    for (long at : new long[] {0, -1, 999, 253_402_300_800_000L, Long.MAX_VALUE / 1_000}) {
      Entry entry = new Entry(1, "m", ANN, at, null, new EntryBody.MemberRemoved(BOB));
      assertThat(all(Segment.of(ID, List.of(entry)))).containsExactly(entry);
    }
  }

  @Test
  void partsOfASegment() {
    List<Entry> entries = new EntrySamples(EntrySamples.seed()).entries(7, 1_000);
    Segment segment = Segment.of(ID, entries);
    for (long[] range : new long[][] {{7, 7}, {1006, 1006}, {1, 5000}, {500, 600}, {8, 1005}}) {
      List<Entry> part = new ArrayList<>();
      segment.entries(range[0], range[1]).forEachRemaining(part::add);
      assertThat(part)
          .isEqualTo(
              entries.stream().filter(e -> e.seq() >= range[0] && e.seq() <= range[1]).toList());
    }
  }

  @Test
  void entriesThatCannotFormASegmentAreRefused() {
    EntrySamples entrySamples = new EntrySamples(1);
    List<Entry> hole = new ArrayList<>(entrySamples.entries(1, 3));
    hole.remove(1);
    Entry large =
        new Entry(1, "m", ANN, 1, null, new EntryBody.Text("x".repeat(1 << 20), null, null, false));
    List<Entry> tooLarge = new ArrayList<>();
    for (int i = 1; i <= 9; i++) {
      tooLarge.add(new Entry(i, "m", ANN, 1, null, large.body()));
    }
    for (List<Entry> wrong :
        List.of(
            List.<Entry>of(),
            entrySamples.talk(1, ColdTier.SEGMENT_ENTRIES + 1),
            hole,
            List.of(new Entry(0, "m", ANN, 1, null, large.body())),
            tooLarge)) {
      assertThatThrownBy(() -> Segment.of(ID, wrong)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  /** The checksum is checked first. Even without it, no wrong entry may come out. */
  @Test
  void linesThatAreNotTheManifestsAreDamage() {
    List<Entry> entries = new EntrySamples(3).entries(1, 10);
    Manifest right = Segment.of(ID, entries).manifest();
    for (Manifest wrong :
        List.of(
            with(right, 1, 9, right.rawBytes(), right.lastAt()),
            with(right, 1, 11, right.rawBytes(), right.lastAt()),
            with(right, 2, 11, right.rawBytes(), right.lastAt()),
            with(right, 1, 10, right.rawBytes() + 1, right.lastAt()),
            with(right, 1, 10, right.rawBytes() - 1, right.lastAt()),
            with(right, 1, 10, right.rawBytes(), right.lastAt() + 1))) {
      Segment segment = new Segment(wrong, Segment.of(ID, entries).bytes());
      assertThatThrownBy(() -> all(segment)).isInstanceOf(ColdDamaged.class);
    }
  }

  private static Manifest with(Manifest m, long from, long to, long rawBytes, long lastAt) {
    int count = (int) (to - from + 1);
    return new Manifest(
        m.format(), ID, from, to, count, m.bytes(), rawBytes, m.sha256(), m.firstAt(), lastAt);
  }

  @Test
  void aLaterFormatIsNamed() throws IOException {
    String json = new String(golden("manifest.json"), StandardCharsets.UTF_8);
    String later = json.replace("\"format\":1", "\"format\":2");
    assertThatThrownBy(() -> ManifestJson.read(ID, name(), later.getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(ColdDamaged.class)
        .hasMessageContaining("is of format 2; this version of Parley reads format 1");
    String more = json.replace("\"from\"", "\"comment\":\"of a later version\",\"from\"");
    assertThat(ManifestJson.read(ID, name(), more.getBytes(StandardCharsets.UTF_8)).from())
        .isEqualTo(41);
  }

  @Test
  void aManifestThatContradictsItselfIsDamage() throws IOException {
    String json = new String(golden("manifest.json"), StandardCharsets.UTF_8);
    for (String wrong :
        List.of(
            "",
            "{}",
            "[]",
            json + json,
            json.replace("\"g_1\"", "\"g_2\""),
            json.replace("\"count\":19", "\"count\":18"),
            json.replace("\"from\":41", "\"from\":40"),
            json.replace("\"sha256\":\"", "\"sha256\":\"x"),
            json.substring(0, json.length() / 2))) {
      assertThatThrownBy(
              () -> ManifestJson.read(ID, name(), wrong.getBytes(StandardCharsets.UTF_8)))
          .isInstanceOf(ColdDamaged.class);
    }
  }

  private static List<Entry> all(Segment segment) {
    List<Entry> entries = new ArrayList<>();
    segment.entries(1, Long.MAX_VALUE).forEachRemaining(entries::add);
    return entries;
  }

  private static byte[] golden(String name) throws IOException {
    try (InputStream in = SegmentTest.class.getResourceAsStream("/golden/archive/" + name)) {
      return Objects.requireNonNull(in, name).readAllBytes();
    }
  }
}
