package parley.proof.checker;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import parley.proof.checker.HistoryEvent.Acked;
import parley.proof.checker.HistoryEvent.Answered;
import parley.proof.checker.HistoryEvent.Sending;

/**
 * Makes the history that clients would record of a correct server: a small simulation with slow
 * sockets, lost answers, retries, reconnects and gaps, driven by a random seed.
 */
public final class GoodHistory {
  private static final class Conversation {
    final String id;
    final List<String> members;
    final List<SeenEntry> log = new ArrayList<>();
    final Map<String, long[]> cursors = new LinkedHashMap<>();

    /** The entry with which each member was added. */
    final Map<String, Integer> since = new LinkedHashMap<>();

    Conversation(String id, List<String> members) {
      this.id = id;
      this.members = new ArrayList<>(members);
      members.forEach(m -> cursors.put(m, new long[2]));
      members.forEach(m -> since.put(m, 1));
    }

    /** What a member may read. */
    List<SeenEntry> of(String member) {
      return log.subList(since.getOrDefault(member, 1) - 1, log.size());
    }
  }

  private static final class Device {
    final String user;
    final String name;
    int connection;
    final ArrayDeque<SeenEntry> queue = new ArrayDeque<>();
    final Map<String, Long> acked = new LinkedHashMap<>();

    Device(String user, String name) {
      this.user = user;
      this.name = name;
    }
  }

  private final Random random;
  private final List<HistoryEvent> events = new ArrayList<>();
  private final List<Device> devices = new ArrayList<>();
  private final List<Conversation> conversations = new ArrayList<>();
  private int ids;

  private GoodHistory(long seed) {
    random = new Random(seed);
  }

  public static List<HistoryEvent> generate(long seed, int steps) {
    GoodHistory good = new GoodHistory(seed);
    good.setUp();
    for (int i = 0; i < steps; i++) {
      good.step();
    }
    good.finish();
    return good.events;
  }

  private void setUp() {
    for (String user : List.of("ann", "ben", "cat", "dan")) {
      for (int d = 0; d < 2; d++) {
        Device device = new Device(user, user + d);
        devices.add(device);
        open(device);
      }
    }
    conversations.add(new Conversation("d1", List.of("ann", "ben")));
    conversations.add(new Conversation("d2", List.of("cat", "ann")));
    conversations.add(new Conversation("g1", List.of("ann", "ben", "cat", "dan")));
    entry(conversations.getLast(), "group_created", List.of());
    conversations.add(new Conversation("g2", List.of("ann", "ben")));
    events.add(new HistoryEvent.Created("ann", "g2"));
    entry(conversations.getLast(), "group_created", List.of());
  }

  private void entry(Conversation group, String type, List<String> users) {
    long seq = group.log.size() + 1L;
    String name = group.id + "-" + seq;
    append(
        group,
        new SeenEntry(
            group.id,
            seq,
            "m-" + name,
            "ann",
            type,
            "t-" + name,
            null,
            0,
            null,
            false,
            false,
            users),
        null);
  }

  /** Members of the last group come and go; its founder stays. */
  private void comeOrGo() {
    Conversation group = conversations.getLast();
    String whom = List.of("ben", "cat", "dan").get(random.nextInt(3));
    if (group.members.contains(whom)) {
      entry(group, "member_removed", List.of(whom));
      group.members.remove(whom);
      return;
    }
    int before = group.log.size();
    group.members.add(whom);
    group.since.put(whom, before + 1);
    group.cursors.put(whom, new long[] {before, before});
    for (Device device : devices) {
      if (device.user.equals(whom)) {
        device.acked.put(group.id, (long) before);
      }
    }
    entry(group, "members_added", List.of(whom));
  }

  private void step() {
    Device device = devices.get(random.nextInt(devices.size()));
    switch (random.nextInt(13)) {
      case 0, 1, 2, 3 -> post(device, "text");
      case 4 -> post(device, List.of("edit", "delete", "reaction").get(random.nextInt(3)));
      case 5, 6, 7, 8 -> deliver(device, random.nextInt(5));
      case 9 -> ack(device);
      case 10 -> read(device);
      case 11 -> comeOrGo();
      default -> {
        if (random.nextInt(4) == 0) {
          events.add(new HistoryEvent.Closed(device.user, device.name, device.connection, "cut"));
          open(device);
        }
      }
    }
  }

  private void post(Device device, String type) {
    List<Conversation> mine =
        conversations.stream().filter(c -> c.members.contains(device.user)).toList();
    Conversation conversation = mine.get(random.nextInt(mine.size()));
    List<SeenEntry> targets =
        conversation.of(device.user).stream()
            .filter(e -> e.type().equals("text") && e.sender().equals(device.user) && !e.deleted())
            .toList();
    if (!type.equals("text") && targets.isEmpty()) {
      return;
    }
    long target = type.equals("text") ? 0 : targets.get(random.nextInt(targets.size())).seq();
    long seq = conversation.log.size() + 1L;
    String cmid = "c" + ++ids;
    String content = type.equals("text") || type.equals("edit") ? "words " + ids : null;
    int connection = random.nextInt(5) == 0 ? 0 : device.connection;
    Sending sending =
        new Sending(
            device.user,
            device.name,
            connection,
            conversation.id,
            null,
            cmid,
            type,
            target,
            content);
    events.add(sending);
    append(
        conversation,
        new SeenEntry(
            conversation.id,
            seq,
            "m" + ids,
            device.user,
            type,
            "t" + ids,
            cmid,
            target,
            content,
            false,
            false,
            List.of()),
        connection == 0 ? null : device);
    boolean lost = random.nextInt(6) == 0;
    if (!lost) {
      events.add(
          new Answered(
              device.user,
              device.name,
              connection,
              conversation.id,
              cmid,
              "m" + ids,
              seq,
              "t" + ids,
              false));
    } else {
      events.add(new HistoryEvent.Unknown(device.user, device.name, cmid, "timeout"));
    }
    if (lost || random.nextInt(10) == 0) {
      events.add(sending);
      events.add(
          new Answered(
              device.user, device.name, 0, conversation.id, cmid, "m" + ids, seq, "t" + ids, true));
      if (lost && connection > 0) {
        events.add(
            new Answered(
                device.user,
                device.name,
                connection,
                conversation.id,
                cmid,
                "m" + ids,
                seq,
                "t" + ids,
                true));
      }
    }
  }

  private void append(Conversation conversation, SeenEntry entry, @Nullable Device by) {
    conversation.log.add(entry);
    if (entry.targetSeq() > 0) {
      apply(conversation, entry);
    }
    for (Device device : devices) {
      if (device != by && conversation.members.contains(device.user)) {
        device.queue.add(entry);
      }
    }
  }

  private static void apply(Conversation conversation, SeenEntry change) {
    for (int i = 0; i < conversation.log.size(); i++) {
      SeenEntry e = conversation.log.get(i);
      boolean target = e.seq() == change.targetSeq();
      boolean itsEdit = e.type().equals("edit") && e.targetSeq() == change.targetSeq();
      if (change.type().equals("delete") && (target || itsEdit)) {
        conversation.log.set(i, with(e, null, e.edited(), target));
      } else if (change.type().equals("edit") && target) {
        conversation.log.set(i, with(e, change.content(), true, false));
      }
    }
  }

  private static SeenEntry with(
      SeenEntry e, @Nullable String content, boolean edited, boolean deleted) {
    return new SeenEntry(
        e.conversation(),
        e.seq(),
        e.messageId(),
        e.sender(),
        e.type(),
        e.timestamp(),
        e.clientMsgId(),
        e.targetSeq(),
        content,
        edited,
        deleted,
        e.users());
  }

  private void deliver(Device device, int count) {
    for (int i = 0; i < count && !device.queue.isEmpty(); i++) {
      events.add(
          new HistoryEvent.Received(
              device.user, device.name, device.connection, device.queue.remove()));
    }
  }

  private void ack(Device device) {
    for (Conversation conversation : conversations) {
      boolean waiting =
          device.queue.stream().anyMatch(e -> e.conversation().equals(conversation.id));
      if (conversation.members.contains(device.user) && !waiting && !conversation.log.isEmpty()) {
        long seq = conversation.log.size();
        device.acked.put(conversation.id, seq);
        events.add(new Acked(device.user, device.name, device.connection, conversation.id, seq));
        move(conversation, device.user, seq, 0);
      }
    }
  }

  private void read(Device device) {
    Conversation conversation = conversations.get(random.nextInt(conversations.size()));
    if (conversation.members.contains(device.user) && !conversation.log.isEmpty()) {
      long seq = 1L + random.nextInt(conversation.log.size());
      events.add(
          new HistoryEvent.Reading(
              device.user, device.name, conversation.id, seq, random.nextBoolean()));
      move(conversation, device.user, seq, seq);
    }
  }

  private void move(Conversation conversation, String user, long delivered, long read) {
    long[] cursors = conversation.cursors.get(user);
    if (cursors == null) {
      return;
    }
    cursors[0] = Math.max(cursors[0], delivered);
    cursors[1] = Math.max(cursors[1], read);
    for (Device device : devices) {
      if (conversation.members.contains(device.user)) {
        events.add(
            new HistoryEvent.Cursor(
                device.user,
                device.name,
                device.connection,
                conversation.id,
                user,
                cursors[0],
                cursors[1]));
      }
    }
  }

  /**
   * Opens a new connection: unacknowledged entries are sent again, some as a gap that is fetched.
   */
  private void open(Device device) {
    device.connection++;
    device.queue.clear();
    events.add(new HistoryEvent.Opened(device.user, device.name, device.connection));
    for (Conversation conversation : conversations) {
      if (conversation.members.contains(device.user)) {
        int from = device.acked.getOrDefault(conversation.id, 0L).intValue();
        int size = conversation.log.size();
        if (size - from > 6 && random.nextBoolean()) {
          events.add(
              new HistoryEvent.Gap(
                  device.user,
                  device.name,
                  device.connection,
                  conversation.id,
                  from + 1,
                  from + 3));
          events.add(
              new HistoryEvent.Page(
                  device.user,
                  device.name,
                  conversation.id,
                  List.copyOf(conversation.log.subList(from, from + 3))));
          from += 3;
        }
        device.queue.addAll(conversation.log.subList(from, size));
      }
    }
    events.add(
        new HistoryEvent.Synced(device.user, device.name, device.connection, device.queue.size()));
  }

  private void finish() {
    for (Device device : devices) {
      open(device);
      deliver(device, Integer.MAX_VALUE);
      ack(device);
    }
    for (Conversation conversation : conversations) {
      for (String user : conversation.members) {
        List<SeenEntry> log = List.copyOf(conversation.of(user));
        events.add(new HistoryEvent.FinalLog(user, conversation.id, log));
        for (String node : List.of("one", "two", "three")) {
          for (String subject : List.of("inbox", "log " + conversation.id)) {
            events.add(new HistoryEvent.NodeView(node, user, subject, "as on all"));
          }
          events.add(
              new HistoryEvent.NodeView(node, user, "members " + conversation.id, "as on all"));
        }
        long[] cursors = conversation.cursors.getOrDefault(user, new long[2]);
        events.add(new HistoryEvent.FinalMember(conversation.id, user, cursors[0], cursors[1]));
        for (Device device : devices) {
          if (device.user.equals(user)) {
            events.add(row(conversation, device, cursors[1]));
          }
        }
      }
    }
  }

  private static HistoryEvent.Row row(Conversation conversation, Device device, long read) {
    TreeSet<Long> counted = new TreeSet<>();
    SeenEntry newest = null;
    for (SeenEntry entry : conversation.of(device.user)) {
      if (entry.type().equals("text") && !entry.deleted()) {
        newest = entry;
        if (!entry.sender().equals(device.user) && entry.seq() > read) {
          counted.add(entry.seq());
        }
      }
    }
    return new HistoryEvent.Row(
        device.user,
        device.name,
        device.connection,
        conversation.id,
        conversation.log.size(),
        counted.size(),
        read,
        newest == null ? 0 : newest.seq(),
        newest == null ? null : newest.content(),
        true);
  }
}
