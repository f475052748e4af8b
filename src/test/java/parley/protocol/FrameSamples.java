package parley.protocol;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import parley.model.ConversationId;
import parley.model.ConversationType;
import parley.model.DeviceId;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.EntryIntent;
import parley.model.ErrorCode;
import parley.model.HistoryPage;
import parley.model.InboxPage;
import parley.model.InboxRow;
import parley.model.LastMessage;
import parley.model.Presence;
import parley.model.Role;
import parley.model.UserId;

/** One frame of every kind, by the name of its golden file. */
final class FrameSamples {
  static final ConversationId GROUP = new ConversationId("g_1");
  static final ConversationId DIRECT = new ConversationId("d_1");
  static final UserId ALICE = new UserId("u_alice");
  static final UserId BOB = new UserId("u_bob");
  static final UserId CAROL = new UserId("u_carol");
  static final DeviceId PHONE = new DeviceId("phone-1");

  /** 2026-01-31T10:15:30.123Z. */
  static final long NOW = 1_769_854_530_123L;

  /** 2026-01-31T10:15:31.000Z: zeros must be written too. */
  static final long LATER = 1_769_854_531_000L;

  private static final String TOKEN = "eyJ.e30.c2ln";

  private FrameSamples() {}

  /** The contents of the golden client frames. */
  static Map<String, ClientFrame> client() {
    Map<String, ClientFrame> all = new LinkedHashMap<>();
    all.put("hello", new ClientFrame.Hello(1L, TOKEN, PHONE, "parley-web/0.1", false));
    all.put("hello_fresh", new ClientFrame.Hello(null, TOKEN, PHONE, "parley-web/0.1", true));
    all.put("auth", new ClientFrame.Auth(2L, TOKEN));
    all.put("ping", new ClientFrame.Ping(3L));
    all.put("ping_without_id", new ClientFrame.Ping(null));
    all.put(
        "send",
        new ClientFrame.Post(
            4L,
            new ConversationId("g_01ARZ3NDEKTSV4RRFFQ69G5FAV"),
            null,
            "01ARZ3NDEKTSV4RRFFQ69G5FAV",
            new EntryIntent.Text("Hi \"Bob\" 👋\u0000\u202e", 7L, List.of(BOB, CAROL))));
    all.put(
        "send_to",
        new ClientFrame.Post(5L, null, BOB, "m-1", new EntryIntent.Text("hello", null, List.of())));
    all.put(
        "edit", new ClientFrame.Post(6L, GROUP, null, "m-2", new EntryIntent.Edit(7, "better")));
    all.put("delete", new ClientFrame.Post(7L, GROUP, null, "m-3", new EntryIntent.Delete(7)));
    all.put("react", new ClientFrame.Post(8L, GROUP, null, "m-4", new EntryIntent.React(7, "👍")));
    all.put(
        "react_remove", new ClientFrame.Post(9L, GROUP, null, "m-5", new EntryIntent.React(7, "")));
    all.put("ack", new ClientFrame.Ack(null, GROUP, Long.MAX_VALUE));
    all.put("read", new ClientFrame.Read(null, GROUP, 12));
    all.put("typing", new ClientFrame.Typing(null, GROUP, true));
    all.put("watch", new ClientFrame.Watch(10L, List.of(BOB, CAROL)));
    all.put("watch_nobody", new ClientFrame.Watch(11L, List.of()));
    all.put("inbox", new ClientFrame.Inbox(12L, 20, null));
    all.put("inbox_next", new ClientFrame.Inbox(13L, 100, "c_20"));
    all.put("history", new ClientFrame.History(14L, GROUP, null, null, 50));
    all.put("history_before", new ClientFrame.History(15L, GROUP, 51L, null, 10));
    all.put("history_after", new ClientFrame.History(16L, GROUP, null, 0L, 100));
    all.put("unknown_fields", new ClientFrame.Read(null, GROUP, 12));
    return all;
  }

  /** Entries of every type, and in every state that a reader can receive. */
  static Map<String, Entry> entries() {
    Map<String, Entry> all = new LinkedHashMap<>();
    all.put("text", entry(2, ALICE, "m-1", new EntryBody.Text("Hi \"Bob\" 👋", null, null, false)));
    all.put(
        "text_reply", entry(3, BOB, "m-2", new EntryBody.Text("yes", 2L, List.of(ALICE), false)));
    all.put("text_edited", entry(4, BOB, "m-3", new EntryBody.Text("better", 2L, null, true)));
    all.put("text_deleted", entry(5, BOB, "m-4", new EntryBody.Text(null, null, null, false)));
    all.put("edit", entry(6, BOB, "m-5", new EntryBody.Edit(4, "better")));
    all.put("edit_deleted", entry(7, BOB, "m-6", new EntryBody.Edit(5, null)));
    all.put("delete", entry(8, ALICE, "m-7", new EntryBody.Delete(5, BOB)));
    all.put("reaction", entry(9, ALICE, "m-8", new EntryBody.Reaction(4, "👍")));
    all.put("reaction_removed", entry(10, ALICE, "m-9", new EntryBody.Reaction(4, null)));
    all.put(
        "group_created",
        entry(1, ALICE, null, new EntryBody.GroupCreated("Team", null, List.of(ALICE, BOB))));
    all.put(
        "group_created_with_avatar",
        entry(
            1,
            ALICE,
            null,
            new EntryBody.GroupCreated("Team", "https://x.test/t.png", List.of(ALICE))));
    all.put("members_added", entry(11, ALICE, null, new EntryBody.MembersAdded(List.of(CAROL))));
    all.put("member_removed", entry(12, ALICE, null, new EntryBody.MemberRemoved(CAROL)));
    all.put("role_changed", entry(13, ALICE, null, new EntryBody.RoleChanged(BOB, Role.ADMIN)));
    all.put("group_changed", entry(14, ALICE, null, new EntryBody.GroupChanged("New", null)));
    all.put("group_changed_avatar", entry(15, ALICE, null, new EntryBody.GroupChanged(null, "")));
    return all;
  }

  private static Entry entry(
      long seq, UserId sender, @Nullable String clientMsgId, EntryBody entryBody) {
    return new Entry(seq, "01KG9X" + seq, sender, NOW, clientMsgId, entryBody);
  }

  static InboxRow row() {
    return new InboxRow(
        GROUP,
        ConversationType.GROUP,
        "Team",
        "https://x.test/t.png",
        15,
        new LastMessage(4, BOB, "text", "better", NOW),
        1,
        3,
        9,
        2,
        false,
        true,
        false,
        false);
  }

  static InboxRow emptyRow() {
    return new InboxRow(
        DIRECT,
        ConversationType.DIRECT,
        "Bob",
        null,
        0,
        null,
        0,
        0,
        0,
        0,
        true,
        false,
        true,
        false);
  }

  static InboxRow removedRow() {
    return new InboxRow(
        GROUP,
        ConversationType.GROUP,
        "Team",
        null,
        12,
        null,
        0,
        12,
        0,
        0,
        false,
        false,
        false,
        true);
  }

  static HistoryPage historyPage() {
    List<Entry> ascending =
        entries().entrySet().stream()
            .filter(sample -> !sample.getKey().equals("group_created_with_avatar"))
            .map(Map.Entry::getValue)
            .sorted(Comparator.comparingLong(Entry::seq))
            .toList();
    return new HistoryPage(GROUP, ascending, true, HistoryPage.Tier.MEMORY);
  }

  static ServerFrame.Sent sent(@Nullable Long id, boolean duplicate) {
    return new ServerFrame.Sent(id, GROUP, "m-1", "01KG9X2", 2, LATER, duplicate);
  }

  /** The contents of the golden server frames. */
  static Map<String, ServerFrame> server() {
    Map<String, ServerFrame> all = new LinkedHashMap<>();
    all.put("welcome", new ServerFrame.Welcome(1L, ALICE, PHONE, "s_1", NOW, 50, LATER, null));
    all.put(
        "welcome_without_id",
        new ServerFrame.Welcome(null, ALICE, PHONE, "s_1", NOW, 0, LATER, null));
    all.put(
        "welcome_epoch", new ServerFrame.Welcome(1L, ALICE, PHONE, "s_1", NOW, 50, LATER, "e_1"));
    entries()
        .forEach(
            (name, entry) ->
                all.put("message_" + name, new ServerFrame.Message(GROUP, entry, false)));
    all.put(
        "message_own",
        new ServerFrame.Message(
            DIRECT,
            entry(2, ALICE, "m-1", new EntryBody.Text("hello", null, List.of(), false)),
            true));
    all.put("sent", sent(4L, false));
    all.put("sent_duplicate", sent(null, true));
    all.put("receipt", new ServerFrame.Receipt(GROUP, BOB, 9, 2));
    all.put("synced", new ServerFrame.Synced(5_000));
    all.put("inbox_update", new ServerFrame.InboxUpdate(row()));
    all.put("inbox_update_empty", new ServerFrame.InboxUpdate(emptyRow()));
    all.put("inbox_update_removed", new ServerFrame.InboxUpdate(removedRow()));
    all.put("gap", new ServerFrame.Gap(GROUP, 3, 9, "too_slow"));
    all.put("typing", new ServerFrame.Typing(GROUP, BOB, true));
    all.put(
        "presence",
        new ServerFrame.PresenceChanged(new Presence(BOB, Presence.Status.ONLINE, NOW)));
    all.put(
        "presence_never",
        new ServerFrame.PresenceChanged(new Presence(CAROL, Presence.Status.OFFLINE, 0)));
    all.put("pong", new ServerFrame.Pong(3L));
    all.put("pong_without_id", new ServerFrame.Pong(null));
    all.put("ok", new ServerFrame.Ok(2L));
    all.put("inbox", new ServerFrame.Inbox(12L, new InboxPage(List.of(row(), emptyRow()), "c_2")));
    all.put("inbox_end", new ServerFrame.Inbox(null, new InboxPage(List.of(), null)));
    all.put("history", new ServerFrame.History(14L, historyPage(), ALICE));
    all.put("server_maintenance", new ServerFrame.ServerMaintenance(1_500, 120_000, "deploy"));
    all.put(
        "closing",
        new ServerFrame.Closing(ServerFrame.CloseCode.REPLACED, "connected elsewhere", null));
    all.put(
        "closing_retry",
        new ServerFrame.Closing(ServerFrame.CloseCode.RATE_LIMITED, "far over the rate", 60_000L));
    all.put("error", new ServerFrame.Failed(4L, ErrorCode.FORBIDDEN, "only the sender edits", 0));
    all.put(
        "error_retry",
        new ServerFrame.Failed(null, ErrorCode.RATE_LIMITED, "50 messages a minute", 1_200));
    return all;
  }
}
