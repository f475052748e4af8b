package parley.archive;

import com.github.f4b6a3.ulid.Ulid;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.Role;
import parley.model.UserId;

/** Makes entries of every kind and shape from a seed. */
final class EntrySamples {
  private static final String[] PIECES = {
    "hello",
    "…",
    "\n",
    "\u0000",
    "\u202e",
    "\"",
    "\\",
    "😀",
    "ß",
    "\t",
    "</script>",
    "\u2028",
    "日本語",
    "{\"seq\":1}",
    "\ud800",
    " "
  };

  private final Random random;
  private long at = 1_700_000_000_000L;

  EntrySamples(long seed) {
    random = new Random(seed);
  }

  /** Draws a seed and prints it. */
  static long seed() {
    long seed = new Random().nextLong();
    System.out.println("seed " + seed);
    return seed;
  }

  List<Entry> entries(long from, int count) {
    return IntStream.range(0, count).mapToObj(i -> entry(from + i)).toList();
  }

  Entry entry(long seq) {
    return entry(seq, body(seq));
  }

  /** Texts only, of the length that people write. */
  List<Entry> talk(long from, int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> entry(from + i, new EntryBody.Text(sentence(), null, null, false)))
        .toList();
  }

  private Entry entry(long seq, EntryBody entryBody) {
    at += random.nextInt(60_000);
    return new Entry(
        seq, ulid(at), user(), at, random.nextInt(5) == 0 ? null : ulid(at - 40), entryBody);
  }

  private String ulid(long time) {
    byte[] rest = new byte[10];
    random.nextBytes(rest);
    return new Ulid(time, rest).toString();
  }

  private EntryBody body(long seq) {
    return switch (random.nextInt(14)) {
      case 0 -> new EntryBody.Edit(target(seq), orNull(text()));
      case 1 -> new EntryBody.Delete(target(seq), user());
      case 2 -> new EntryBody.Reaction(target(seq), random.nextBoolean() ? orNull(text()) : "");
      case 3 -> new EntryBody.GroupCreated(text(), orNull(text()), users());
      case 4 -> new EntryBody.MembersAdded(users());
      case 5 -> new EntryBody.MemberRemoved(user());
      case 6 -> new EntryBody.RoleChanged(user(), random.nextBoolean() ? Role.ADMIN : Role.MEMBER);
      case 7 ->
          new EntryBody.GroupChanged(orNull(text()), random.nextBoolean() ? orNull(text()) : "");
      case 8 -> new EntryBody.Text(null, orNull(seq), orNull(users()), false);
      default ->
          new EntryBody.Text(text(), orNull(target(seq)), orNull(users()), random.nextInt(9) == 0);
    };
  }

  private <T> @Nullable T orNull(T value) {
    return random.nextBoolean() ? value : null;
  }

  private long target(long seq) {
    return 1L + random.nextInt((int) Math.min(seq, 1_000_000));
  }

  private String text() {
    StringBuilder text = new StringBuilder("x");
    for (int i = random.nextInt(8); i > 0; i--) {
      text.append(PIECES[random.nextInt(PIECES.length)]);
    }
    return text.toString();
  }

  private String sentence() {
    String[] words = {
      "the", "train", "is", "late", "again", "I", "will", "be", "there", "at", "ten", "see", "you",
      "ok", "did", "she", "call", "back", "about", "Friday", "dinner", "and", "what", "should",
      "we", "bring"
    };
    StringBuilder text = new StringBuilder();
    for (int i = 3 + random.nextInt(14); i > 0; i--) {
      text.append(words[random.nextInt(words.length)]).append(' ');
    }
    return text.append(random.nextInt(1000)).toString();
  }

  private UserId user() {
    return new UserId("u_01J0000000000000000000000" + random.nextInt(3));
  }

  private List<UserId> users() {
    List<UserId> users = new ArrayList<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      users.add(user());
    }
    return List.copyOf(users);
  }
}
