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

/** The memory of earlier searches never claims that an id is missing that is in the log. */
class SearchedRangesTest {
  private static final UserId ANN = ConversationHarness.ANN;

  private static Entry entry(long seq, UserId sender, String id, long at) {
    return new Entry(seq, "m" + seq, sender, at, id, new EntryBody.Text("t", null, null, false));
  }

  private static long hash(String id) {
    return ClientMsgIds.hash(ANN, id);
  }

  @Test
  void storedIdsAreNeverRuledOut() {
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
      SearchedRanges.SearchedRange search = new SearchedRanges.SearchedRange(ANN, from, to);
      log.subList(from - 1, to).forEach(search::add);
      SearchedRanges searchedRanges = new SearchedRanges();
      searchedRanges.note(search);
      for (Entry one : log) {
        long time = ClientMsgIds.time(String.valueOf(one.clientMsgId()), Long.MAX_VALUE / 2);
        int first = 1 + random.nextInt(100);
        int last = first + random.nextInt(101 - first);
        boolean there = first <= one.seq() && one.seq() <= last && one.senderId().equals(ANN);
        if (time != ClientMsgIds.NO_TIME && there) {
          assertThat(
                  searchedRanges.rulesOut(
                      ANN, first, last, hash(String.valueOf(one.clientMsgId()))))
              .isFalse();
        }
      }
      String fresh = UlidCreator.getUlid(1_000_001).toString();
      assertThat(searchedRanges.rulesOut(ANN, from, to, hash(fresh))).isTrue();
      assertThat(searchedRanges.rulesOut(ANN, from - 1, to, hash(fresh))).isFalse();
      assertThat(searchedRanges.rulesOut(ANN, from, to + 1, hash(fresh))).isFalse();
      assertThat(searchedRanges.rulesOut(ConversationHarness.BOB, from, to, hash(fresh))).isFalse();
    }
  }

  @Test
  void filterOfManyIdsKeepsAllStoredAndRulesOutMostOthers() {
    SearchedRanges searchedRanges = new SearchedRanges();
    SearchedRanges.SearchedRange much = new SearchedRanges.SearchedRange(ANN, 1, 50_000);
    List<String> there = new ArrayList<>();
    for (int i = 0; i < 50_000; i++) {
      there.add(UlidCreator.getUlid(1_000_000 + i).toString());
      much.add(entry(i + 1, ANN, there.get(i), 1));
    }
    searchedRanges.note(much);
    for (String id : there) {
      assertThat(searchedRanges.rulesOut(ANN, 1, 50_000, hash(id))).isFalse();
    }
    int ruledOut = 0;
    for (int i = 0; i < 10_000; i++) {
      String fresh = UlidCreator.getUlid(1_000_000 + i).toString();
      ruledOut += searchedRanges.rulesOut(ANN, 1, 50_000, hash(fresh)) ? 1 : 0;
    }
    assertThat(ruledOut).isGreaterThan(9_000);
  }

  @Test
  void addedIdsKeepTheFilterOfTheirRange() {
    SearchedRanges searchedRanges = new SearchedRanges();
    SearchedRanges.SearchedRange middle = new SearchedRanges.SearchedRange(ANN, 11, 20);
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      ids.add(UlidCreator.getUlid(1_000_000 + i).toString());
    }
    ids.subList(10, 20).forEach(id -> middle.add(entry(1, ANN, id, 1)));
    searchedRanges.note(middle);
    long fresh = hash(UlidCreator.getUlid(1).toString());
    SearchedRanges.SearchedRange known = searchedRanges.extendable(ANN, 1, 30, fresh);
    assertThat(known).isNotNull();
    assertThat(searchedRanges.extendable(ANN, 1, 30, hash(ids.get(15)))).isNull();
    assertThat(searchedRanges.extendable(ANN, 22, 30, fresh)).isNull();
    SearchedRanges.SearchedRange whole = middle.extended(1, 30);
    ids.subList(0, 10).forEach(id -> whole.add(entry(1, ANN, id, 1)));
    ids.subList(20, 30).forEach(id -> whole.add(entry(1, ANN, id, 1)));
    searchedRanges.note(whole);
    for (String id : ids) {
      assertThat(searchedRanges.rulesOut(ANN, 1, 30, hash(id))).isFalse();
    }
    assertThat(searchedRanges.rulesOut(ANN, 1, 30, fresh)).isTrue();
  }

  @Test
  void sendersAndPositionsAreBounded() {
    SearchedRanges searchedRanges = new SearchedRanges();
    for (int i = 0; i <= SearchedRanges.MAX_SENDERS; i++) {
      searchedRanges.note(new SearchedRanges.SearchedRange(new UserId("u" + i), 1, 10));
    }
    assertThat(searchedRanges.rulesOut(new UserId("u0"), 1, 5, 7)).isFalse();
    assertThat(searchedRanges.rulesOut(new UserId("u1"), 1, 5, 7)).isTrue();
    for (long i = 0; i <= SearchedRanges.MAX_LOCATED; i++) {
      searchedRanges.rememberLocation(i, i + 1);
    }
    assertThat(searchedRanges.locate(ANN, 0)).isZero();
    assertThat(searchedRanges.locate(ANN, 1)).isEqualTo(2);
  }

  @Test
  void knownIdNamesItsEntryUpToTheBound() {
    SearchedRanges searchedRanges = new SearchedRanges();
    SearchedRanges.SearchedRange read = new SearchedRanges.SearchedRange(ANN, 1, 100_000);
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < SearchedRanges.MAX_EXACT_IDS; i++) {
      ids.add(UlidCreator.getUlid(1_000_000 + i).toString());
      read.add(entry(i + 1, ANN, ids.get(i), 1));
    }
    searchedRanges.note(read.endedAt(SearchedRanges.MAX_EXACT_IDS));
    for (int i = 0; i < SearchedRanges.MAX_EXACT_IDS; i++) {
      assertThat(searchedRanges.locate(ANN, hash(ids.get(i)))).isEqualTo(i + 1);
      assertThat(searchedRanges.locate(ConversationHarness.BOB, hash(ids.get(i)))).isZero();
    }
    assertThat(searchedRanges.rulesOut(ANN, 1, SearchedRanges.MAX_EXACT_IDS, 7)).isTrue();
    assertThat(searchedRanges.rulesOut(ANN, 1, SearchedRanges.MAX_EXACT_IDS + 1, 7)).isFalse();
    read.add(entry(SearchedRanges.MAX_EXACT_IDS + 1, ANN, UlidCreator.getUlid(1).toString(), 1));
    searchedRanges.note(read);
    assertThat(searchedRanges.locate(ANN, hash(ids.getFirst()))).isZero();
    // The range that covers more is kept.
    searchedRanges.note(new SearchedRanges.SearchedRange(ANN, 5, 6));
    assertThat(searchedRanges.rulesOut(ANN, 5, 6, hash(ids.getFirst()))).isFalse();
  }
}
