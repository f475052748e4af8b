package parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.f4b6a3.ulid.UlidCreator;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.UserId;

/** What is remembered of searches in vain never says of an id that is there that it is not. */
class MissingMessageIdsTest {
  private static final UserId ANN = ConversationHarness.ANN;

  private static Entry entry(long seq, UserId sender, String id, long at) {
    return new Entry(seq, "m" + seq, sender, at, id, new EntryBody.Text("t", null, null, false));
  }

  private static long hash(String id) {
    return ClientMsgIds.hash(ANN, id);
  }

  @Test
  void whatIsThereIsNeverRuledOut() {
    long seed = Long.getLong("parley.seed", System.nanoTime());
    System.out.println("parley.seed=" + seed);
    Random random = new Random(seed);
    for (int round = 0; round < 200; round++) {
      List<Entry> log = new ArrayList<>();
      for (int seq = 1; seq <= 100; seq++) {
        long time = 1_000_000L + seq * 1_000L + random.nextInt(200_000) - 100_000;
        String id = random.nextInt(5) == 0 ? "plain-" + seq : UlidCreator.getUlid(time).toString();
        UserId sender = random.nextBoolean() ? ANN : ConversationHarness.BOB;
        log.add(entry(seq, sender, id, 1_000_000L + seq * 1_000L));
      }
      int from = 1 + random.nextInt(50);
      int to = from + random.nextInt(50);
      long since = 1_000_000L + random.nextInt(100_000);
      MissingMessageIds.Absence search = new MissingMessageIds.Absence(ANN, from, to, since);
      log.subList(from - 1, to).forEach(search::add);
      MissingMessageIds missingMessageIds = new MissingMessageIds();
      missingMessageIds.note(search);
      for (Entry one : log) {
        long time = ClientMsgIds.time(String.valueOf(one.clientMsgId()), Long.MAX_VALUE / 2);
        int first = 1 + random.nextInt(100);
        int last = first + random.nextInt(101 - first);
        boolean there = first <= one.seq() && one.seq() <= last && one.senderId().equals(ANN);
        if (time != ClientMsgIds.NO_TIME && there) {
          assertThat(
                  missingMessageIds.rulesOut(
                      ANN, time, first, last, hash(String.valueOf(one.clientMsgId()))))
              .isFalse();
        }
      }
      String fresh = UlidCreator.getUlid(since + 1).toString();
      assertThat(missingMessageIds.rulesOut(ANN, since + 1, from, to, hash(fresh))).isTrue();
      assertThat(missingMessageIds.rulesOut(ANN, since - 1, from, to, hash(fresh))).isFalse();
      assertThat(missingMessageIds.rulesOut(ANN, since + 1, from - 1, to, hash(fresh))).isFalse();
      assertThat(missingMessageIds.rulesOut(ANN, since + 1, from, to + 1, hash(fresh))).isFalse();
      assertThat(
              missingMessageIds.rulesOut(ConversationHarness.BOB, since + 1, from, to, hash(fresh)))
          .isFalse();
    }
  }

  @Test
  void ofWhoHasManyNothingThatIsThereIsRuledOutAndMostOfTheRestIs() {
    MissingMessageIds missingMessageIds = new MissingMessageIds();
    MissingMessageIds.Absence much = new MissingMessageIds.Absence(ANN, 1, 50_000, Long.MIN_VALUE);
    List<String> there = new ArrayList<>();
    for (int i = 0; i < 50_000; i++) {
      there.add(UlidCreator.getUlid(1_000_000 + i).toString());
      much.add(entry(i + 1, ANN, there.get(i), 1));
    }
    missingMessageIds.note(much);
    for (String id : there) {
      assertThat(missingMessageIds.rulesOut(ANN, 5, 1, 50_000, hash(id))).isFalse();
    }
    int ruledOut = 0;
    for (int i = 0; i < 10_000; i++) {
      String fresh = UlidCreator.getUlid(1_000_000 + i).toString();
      ruledOut += missingMessageIds.rulesOut(ANN, 5, 1, 50_000, hash(fresh)) ? 1 : 0;
    }
    assertThat(ruledOut).isGreaterThan(9_000);
  }

  @Test
  void whatIsAddedToARangeKeepsWhatWasKnownOfIt() {
    MissingMessageIds missingMessageIds = new MissingMessageIds();
    MissingMessageIds.Absence middle = new MissingMessageIds.Absence(ANN, 11, 20, Long.MIN_VALUE);
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      ids.add(UlidCreator.getUlid(1_000_000 + i).toString());
    }
    ids.subList(10, 20).forEach(id -> middle.add(entry(1, ANN, id, 1)));
    missingMessageIds.note(middle);
    long fresh = hash(UlidCreator.getUlid(1).toString());
    MissingMessageIds.Absence known = missingMessageIds.extendable(ANN, 1, 30, fresh);
    assertThat(known).isNotNull();
    assertThat(missingMessageIds.extendable(ANN, 1, 30, hash(ids.get(15)))).isNull();
    assertThat(missingMessageIds.extendable(ANN, 22, 30, fresh)).isNull();
    MissingMessageIds.Absence whole = middle.extended(1, 30);
    ids.subList(0, 10).forEach(id -> whole.add(entry(1, ANN, id, 1)));
    ids.subList(20, 30).forEach(id -> whole.add(entry(1, ANN, id, 1)));
    missingMessageIds.note(whole);
    for (String id : ids) {
      assertThat(missingMessageIds.rulesOut(ANN, 5, 1, 30, hash(id))).isFalse();
    }
    assertThat(missingMessageIds.rulesOut(ANN, 5, 1, 30, fresh)).isTrue();
  }

  @Test
  void fewSendersAndFewPlacesAreRemembered() {
    MissingMessageIds missingMessageIds = new MissingMessageIds();
    for (int i = 0; i <= MissingMessageIds.USERS; i++) {
      missingMessageIds.note(new MissingMessageIds.Absence(new UserId("u" + i), 1, 10, 1));
    }
    assertThat(missingMessageIds.rulesOut(new UserId("u0"), 5, 1, 5, 7)).isFalse();
    assertThat(missingMessageIds.rulesOut(new UserId("u1"), 5, 1, 5, 7)).isTrue();
    for (long i = 0; i <= MissingMessageIds.LOCATED; i++) {
      missingMessageIds.rememberLocation(i, i + 1);
    }
    assertThat(missingMessageIds.takeLocated(0)).isZero();
    assertThat(missingMessageIds.takeLocated(1)).isEqualTo(2);
    assertThat(missingMessageIds.takeLocated(1)).isZero();
  }
}
