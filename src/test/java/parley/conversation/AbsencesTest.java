package parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.f4b6a3.ulid.UlidCreator;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import parley.model.Body;
import parley.model.Entry;
import parley.model.UserId;

/** What is remembered of searches in vain never says of an id that is there that it is not. */
class AbsencesTest {
  private static final UserId ANN = Harness.ANN;

  private static Entry entry(long seq, UserId sender, String id, long at) {
    return new Entry(seq, "m" + seq, sender, at, id, new Body.Text("t", null, null, false));
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
        UserId sender = random.nextBoolean() ? ANN : Harness.BOB;
        log.add(entry(seq, sender, id, 1_000_000L + seq * 1_000L));
      }
      int from = 1 + random.nextInt(50);
      int to = from + random.nextInt(50);
      long since = 1_000_000L + random.nextInt(100_000);
      Absences.Absence search = new Absences.Absence(ANN, from, to, since);
      log.subList(from - 1, to).forEach(search::add);
      Absences absences = new Absences();
      absences.note(search);
      for (Entry one : log) {
        long time = ClientMsgIds.time(String.valueOf(one.clientMsgId()), Long.MAX_VALUE / 2);
        int first = 1 + random.nextInt(100);
        int last = first + random.nextInt(101 - first);
        boolean there = first <= one.seq() && one.seq() <= last && one.senderId().equals(ANN);
        if (time != ClientMsgIds.NO_TIME && there) {
          assertThat(
                  absences.rulesOut(
                      ANN, time, first, last, hash(String.valueOf(one.clientMsgId()))))
              .isFalse();
        }
      }
      String fresh = UlidCreator.getUlid(since + 1).toString();
      assertThat(absences.rulesOut(ANN, since + 1, from, to, hash(fresh))).isTrue();
      assertThat(absences.rulesOut(ANN, since - 1, from, to, hash(fresh))).isFalse();
      assertThat(absences.rulesOut(ANN, since + 1, from - 1, to, hash(fresh))).isFalse();
      assertThat(absences.rulesOut(ANN, since + 1, from, to + 1, hash(fresh))).isFalse();
      assertThat(absences.rulesOut(Harness.BOB, since + 1, from, to, hash(fresh))).isFalse();
    }
  }

  @Test
  void fewAreRememberedOfFew() {
    Absences absences = new Absences();
    Absences.Absence much = new Absences.Absence(ANN, 1, Absences.IDS + 10, 1);
    for (int i = 0; i <= Absences.IDS; i++) {
      much.add(entry(i + 1, ANN, UlidCreator.getUlid(1_000_000 + i).toString(), 1));
    }
    absences.note(much);
    assertThat(absences.rulesOut(ANN, 5, 1, 5, 7)).isFalse();
    for (int i = 0; i <= Absences.USERS; i++) {
      absences.note(new Absences.Absence(new UserId("u" + i), 1, 10, 1));
    }
    assertThat(absences.rulesOut(new UserId("u0"), 5, 1, 5, 7)).isFalse();
    assertThat(absences.rulesOut(new UserId("u1"), 5, 1, 5, 7)).isTrue();
  }
}
