package parley.session;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static parley.session.SessionHarness.A;
import static parley.session.SessionHarness.BOB;
import static parley.session.SessionHarness.START;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.Marker;
import parley.bounds.LoadGate;
import parley.conversation.Conversation;
import parley.model.ConversationId;
import parley.model.HistoryPage;
import parley.model.InboxPage;
import parley.model.Presence;
import parley.model.Refusal;
import parley.model.UserId;
import parley.user.Delivery;
import parley.user.User;

/** Read marks, pages, typing and presence: what a client may request, and how often. */
class ClientRequestsTest {
  private final SessionHarness s = new SessionHarness();

  @AfterEach
  void stop() {
    s.close();
  }

  @Test
  void readGoesToTheConversation() {
    s.live();
    s.send("{'op':'read','id':8,'conversation_id':'conv-a','seq':4}");
    var read = s.conversation(A).expectMessageClass(Conversation.Read.class);
    assertThat(read.seq()).isEqualTo(4);
    requireNonNull(read.replyTo()).tell(new Conversation.Refused(Refusal.notFound()));
    assertThat(s.expectError("not_found").path("id").asLong()).isEqualTo(8);
    s.send("{'op':'read','conversation_id':'conv-a','seq':4}");
    requireNonNull(s.conversation(A).expectMessageClass(Conversation.Read.class).replyTo())
        .tell(new Conversation.ReadDone());
    s.quiet();
  }

  @Test
  void pagesOfHistoryAndInbox() {
    s.live();
    s.send("{'op':'history','id':8,'conversation_id':'conv-a','before':4,'limit':2}");
    var ask = s.conversation(A).expectMessageClass(Conversation.GetPage.class);
    assertThat(ask.replay()).isFalse();
    ask.replyTo()
        .tell(
            new Conversation.Page(
                new HistoryPage(A, SessionHarness.entries(2, 3), true, HistoryPage.Tier.MEMORY)));
    assertThat(s.expect("history").path("entries")).hasSize(2);
    s.send("{'op':'inbox','id':9}");
    s.user
        .expectMessageClass(User.GetInbox.class)
        .replyTo()
        .tell(new User.Inbox(new InboxPage(List.of(), null)));
    assertThat(s.expect("inbox").path("id").asLong()).isEqualTo(9);
    s.send("{'op':'inbox','id':10}");
    s.user.expectMessageClass(User.GetInbox.class);
    s.quiet();
    s.pass(Duration.ofSeconds(15));
    assertThat(s.expectError("unavailable").path("id").asLong()).isEqualTo(10);
  }

  /** Messages are not among it: they go on at every level. */
  @Test
  void underLoadTypingPresenceAndHistoryAreLeftOut() {
    s.live();
    s.send("{'op':'watch','id':3,'user_ids':['bob']}");
    s.expect("ok");
    s.leftOut.addAll(Set.of(LoadGate.Shed.values()));
    s.send("{'op':'history','id':8,'conversation_id':'conv-a','limit':2}");
    JsonNode refused = s.expectError("unavailable");
    assertThat(refused.path("id").asLong()).isEqualTo(8);
    assertThat(refused.path("retry_after_ms").asLong()).isEqualTo(LoadGate.RETRY_MILLIS);
    s.send("{'op':'typing','conversation_id':'conv-a','active':true}");
    s.told(
        new Delivery.PresenceSeen(
            new Presence(BOB, Presence.Status.OFFLINE, START - 5_000), START - 40));
    s.quiet();
    // The answer to a watch is no change: it corrects what was left out.
    s.told(new Delivery.PresenceSeen(presence(BOB)));
    s.expect("presence");
    s.send(
        "{'op':'send','id':9,'conversation_id':'conv-a','client_msg_id':'m1','type':'text',"
            + "'content':'x'}");
    s.conversation(A).expectMessageClass(Conversation.Post.class);
    s.leftOut.clear();
    s.send("{'op':'history','id':10,'conversation_id':'conv-a','limit':2}");
    s.conversation(A).expectMessageClass(Conversation.GetPage.class);
  }

  @Test
  void typingIsThrottled() {
    s.live();
    for (int i = 0; i < 5; i++) {
      s.send("{'op':'typing','conversation_id':'conv-a','active':true}");
    }
    s.send("{'op':'typing','conversation_id':'conv-a','active':false}");
    s.send("{'op':'typing','conversation_id':'conv-a','active':false}");
    s.send("{'op':'typing','conversation_id':'conv-a','active':true}");
    s.quiet();
    var probe = s.conversation(A);
    assertThat(probe.expectMessageClass(Conversation.Typing.class).active()).isTrue();
    assertThat(probe.expectMessageClass(Conversation.Typing.class).active()).isFalse();
    Marker.nothingMore(probe);
    s.pass(Duration.ofSeconds(1));
    s.send("{'op':'typing','conversation_id':'conv-a','active':true}");
    assertThat(probe.expectMessageClass(Conversation.Typing.class).active()).isTrue();
  }

  @Test
  void typingInManyConversationsIsDropped() {
    s.live();
    for (int i = 0; i <= ClientRequests.TYPING_TOKENS; i++) {
      s.send("{'op':'typing','conversation_id':'conv-" + i + "','active':true}");
    }
    s.quiet();
    var last = s.conversation(new ConversationId("conv-" + (ClientRequests.TYPING_TOKENS - 1)));
    var over = s.conversation(new ConversationId("conv-" + ClientRequests.TYPING_TOKENS));
    last.expectMessageClass(Conversation.Typing.class);
    Marker.nothingMore(over);
    s.pass(Duration.ofMillis(200));
    s.send(
        "{'op':'typing','conversation_id':'conv-"
            + ClientRequests.TYPING_TOKENS
            + "','active':true}");
    over.expectMessageClass(Conversation.Typing.class);
  }

  @Test
  void watchingManyIsLimited() {
    s.live();
    for (int i = 0; i < 5; i++) {
      watch(i);
      s.expect("ok");
    }
    watch(5);
    JsonNode error = s.expectError("rate_limited");
    assertThat(error.path("id").asInt()).isEqualTo(5);
    assertThat(error.path("retry_after_ms").asLong()).isEqualTo(10_000);
    s.pass(Duration.ofMillis(9_999));
    watch(6);
    assertThat(s.expectError("rate_limited").path("retry_after_ms").asLong()).isEqualTo(1);
    s.pass(Duration.ofMillis(1));
    watch(7);
    s.expect("ok");
    // The user entity received only the frames that were answered {@code ok}.
    var ids = s.user.receiveSeveralMessages(500 + 400 + 100 + 100);
    assertThat(ids).hasSize(1_100);
    s.userHeardNoMore();
  }

  private void watch(int frame) {
    String ids =
        IntStream.range(0, 100)
            .mapToObj(i -> "'u" + frame + "-" + i + "'")
            .collect(Collectors.joining(","));
    s.send("{'op':'watch','id':" + frame + ",'user_ids':[" + ids + "]}");
  }

  @Test
  void watchIsAnsweredWithPresence() {
    s.live();
    s.send("{'op':'watch','id':3,'user_ids':['bob']}");
    s.expect("ok");
    var watch = s.user.expectMessageClass(User.Watch.class);
    assertThat(watch.on()).isTrue();
    watch.watcher().tell(new Delivery.PresenceSeen(presence(BOB)));
    s.expect("presence");
    s.told(new Delivery.PresenceSeen(presence(new UserId("carol"))));
    s.quiet();
    s.pass(Duration.ofSeconds(59));
    s.quiet();
    s.userHeardNoMore();
    s.pass(Duration.ofSeconds(1));
    assertThat(s.user.expectMessageClass(User.Watch.class).on()).isTrue();
    s.send("{'op':'watch','id':4,'user_ids':[]}");
    s.expect("ok");
    assertThat(s.user.expectMessageClass(User.Watch.class).on()).isFalse();
  }

  /** Of a change only, online or offline; the answer to a renewed watch tells of none. */
  @Test
  void theLagOfAChangeOfPresenceIsMeasured() {
    s.live();
    s.send("{'op':'watch','id':3,'user_ids':['bob']}");
    s.expect("ok");
    s.told(new Delivery.PresenceSeen(presence(BOB)));
    s.expect("presence");
    assertThat(s.presenceLags).isEmpty();
    s.told(
        new Delivery.PresenceSeen(
            new Presence(BOB, Presence.Status.OFFLINE, START - 5_000), START - 40));
    s.expect("presence");
    assertThat(s.presenceLags).containsExactly(40L);
  }

  private static Presence presence(UserId id) {
    return new Presence(id, Presence.Status.ONLINE, START);
  }
}
