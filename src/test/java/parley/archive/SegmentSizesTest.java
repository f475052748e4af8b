package parley.archive;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.f4b6a3.ulid.Ulid;
import com.typesafe.config.ConfigFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.serialization.Serialization;
import org.apache.pekko.serialization.SerializationExtension;
import org.junit.jupiter.api.Test;
import parley.conversation.ConversationEvent.EntriesAppended;
import parley.model.ConversationId;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.UserId;

/**
 * Measures the size of an entry in a segment and in the journal, and prints a table. Words are made
 * up and follow the frequencies of a natural language (Zipf), so that texts compress like real
 * ones.
 */
class SegmentSizesTest {
  private static final int VOCABULARY = 5_000;

  private final Random random = new Random(20_260_101);
  private final List<String> words = new ArrayList<>();

  @Test
  void aSegmentIsAFractionOfTheJournal() {
    ActorTestKit kit =
        ActorTestKit.create(
            "sizes",
            ConfigFactory.parseResources("parley-serialization.conf")
                .withFallback(ConfigFactory.defaultReference())
                .resolve());
    try {
      Serialization journal = SerializationExtension.get(kit.system());
      makeWords();
      System.out.println(
          "bytes per entry        text  journal  JSON lines  segment  segment/journal");
      for (int wordsOfOne : new int[] {4, 12, 40}) {
        List<Entry> entries = talk(wordsOfOne);
        double n = entries.size();
        double text = 0;
        double events = 0;
        for (Entry entry : entries) {
          text += String.valueOf(((EntryBody.Text) entry.body()).content()).length();
          events +=
              journal
                  .serialize(new EntriesAppended(List.of(entry), null, entry.seq() - 1))
                  .get()
                  .length;
        }
        Manifest segment = Segment.of(new ConversationId("g_1"), entries).manifest();
        System.out.printf(
            Locale.ROOT,
            "%2d words, %d entries %6.0f %8.0f %11.0f %8.0f %16.2f%n",
            wordsOfOne,
            entries.size(),
            text / n,
            events / n,
            segment.rawBytes() / n,
            segment.bytes() / n,
            segment.bytes() / events);
        assertThat(segment.bytes() / events).isLessThan(0.6);
      }
    } finally {
      kit.shutdownTestKit();
    }
  }

  private void makeWords() {
    for (int i = 0; i < VOCABULARY; i++) {
      StringBuilder word = new StringBuilder();
      for (int length = 2 + random.nextInt(3 + i * 6 / VOCABULARY); length > 0; length--) {
        word.append((char) ('a' + Math.min(random.nextInt(26), random.nextInt(26))));
      }
      words.add(word.toString());
    }
  }

  private String word() {
    // The frequency of a word is about one divided by its rank.
    int rank = (int) Math.exp(random.nextDouble() * Math.log(VOCABULARY));
    return words.get(Math.min(rank, VOCABULARY) - 1);
  }

  private List<Entry> talk(int wordsOfOne) {
    List<Entry> entries = new ArrayList<>();
    long at = 1_700_000_000_000L;
    UserId[] users = {user(), user()};
    for (int seq = 1; seq <= ColdTier.SEGMENT_ENTRIES; seq++) {
      at += random.nextInt(120_000);
      StringBuilder text = new StringBuilder(word());
      for (int i = random.nextInt(2 * wordsOfOne - 1); i > 0; i--) {
        text.append(' ').append(word());
      }
      entries.add(
          new Entry(
              seq,
              ulid(at),
              users[random.nextInt(2)],
              at,
              ulid(at - 30 - random.nextInt(200)),
              new EntryBody.Text(text.toString(), null, null, false)));
    }
    return entries;
  }

  private UserId user() {
    return new UserId("u_" + ulid(1_690_000_000_000L));
  }

  private String ulid(long time) {
    byte[] rest = new byte[10];
    random.nextBytes(rest);
    return new Ulid(time, rest).toString();
  }
}
