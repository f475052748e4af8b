package parley.serial;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorRef;
import parley.conversation.Conversation;
import parley.model.ConversationId;
import parley.model.ConversationType;
import parley.model.DeviceId;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.EntryIntent;
import parley.model.LastMessage;
import parley.model.UserId;
import parley.user.Delivery;
import parley.user.RowMember;
import parley.user.User;

/** The messages between nodes for one chat message, with contents of ordinary size. */
final class HotMessages {
  private static final UserId ANN = new UserId("u_01K9ABCDEFGHJKMNPQRSTVWXYZ");
  private static final UserId BEN = new UserId("u_01K9ABCDEFGHJKMNPQRSTVWXY0");
  private static final ConversationId CHAT = ConversationId.direct(ANN, BEN);
  private static final String NAME = "01K9ABCDEFGHJKMNPQRSTVWXY1";
  private static final String TEXT =
      "A message of a hundred bytes, as people write them to each other.. "
          + "And a little more, to be exact.";
  private static final long AT = 1_790_000_000_000L;

  private HotMessages() {}

  static <T> Map<String, Object> of(ActorRef<T> someone) {
    @SuppressWarnings("unchecked")
    ActorRef<Conversation.PostReply> posts = (ActorRef<Conversation.PostReply>) someone;
    @SuppressWarnings("unchecked")
    ActorRef<Delivery> session = (ActorRef<Delivery>) someone;
    Entry entry = new Entry(4711, NAME, ANN, AT, NAME, new EntryBody.Text(TEXT, null, null, false));
    Map<String, Object> all = new LinkedHashMap<>();
    all.put(
        "post",
        new Conversation.Post(ANN, NAME, new EntryIntent.Text(TEXT, null, List.of()), null, posts));
    all.put("posted", new Conversation.Posted(CHAT, NAME, NAME, 4711, AT, false));
    all.put(
        "deliver",
        new User.Deliver(
            CHAT,
            9_000,
            new User.RowHeader(
                ConversationType.DIRECT, 4711, new LastMessage(4711, ANN, "text", TEXT, AT), AT),
            new RowMember("Ann", null, 1, AT, 0, 4710, 4710, 1, 4711, 4710, false),
            List.of(entry),
            List.of()));
    all.put("dispatched", new Conversation.FromUser(new User.Dispatched(BEN, 4711, 9_000)));
    all.put("entries", new Delivery.Numbered(17, new Delivery.Entries(CHAT, List.of(entry))));
    all.put(
        "acked",
        new User.Acked(new DeviceId("phone-1"), NAME, List.of(new User.Ack(CHAT, 4711, 4711))));
    all.put("delivered", new Conversation.FromUser(new User.Delivered(BEN, 4711)));
    all.put(
        "receipts",
        new Delivery.Numbered(
            18, new Delivery.Receipts(CHAT, List.of(new Delivery.Receipt(BEN, 4711, 4710)))));
    all.put("check", new User.Check(new DeviceId("phone-1"), NAME, 17, session));
    all.put("checked", new Delivery.Checked(18, true));
    return all;
  }
}
