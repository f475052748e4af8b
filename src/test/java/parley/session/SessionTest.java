package parley.session;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static parley.session.SessionHarness.A;
import static parley.session.SessionHarness.B;
import static parley.session.SessionHarness.BOB;
import static parley.session.SessionHarness.ME;
import static parley.session.SessionHarness.START;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import parley.Marker;
import parley.conversation.Conversation;
import parley.model.ConversationId;
import parley.model.ErrorCode;
import parley.model.HistoryPage;
import parley.model.InboxPage;
import parley.model.Presence;
import parley.model.Refusal;
import parley.model.UserId;
import parley.protocol.ServerFrame.CloseCode;
import parley.user.User;

class SessionTest {
  private ActorTestKit kit;
  private SessionHarness s;

  @BeforeEach
  void start() {
    kit = ActorTestKit.create(ManualTime.config());
    s = new SessionHarness(kit, 0);
  }

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  // ---- the handshake

  @Test
  void helloWelcomeSynced() {
    s.hello();
    User.Attach attach = s.user.expectMessageClass(User.Attach.class);
    assertThat(attach.userId()).isEqualTo(ME);
    assertThat(attach.deviceId().value()).isEqualTo("phone");
    assertThat(attach.fresh()).isFalse();
    attach.session().tell(new User.Attached(s.entity.ref(), List.of(), 0));
    var welcome = s.expect("welcome");
    assertThat(welcome.path("id").asLong()).isEqualTo(1);
    assertThat(welcome.path("session_id").asText()).isEqualTo("session-1");
    assertThat(welcome.path("window").asInt()).isEqualTo(256);
    assertThat(welcome.path("epoch").asText()).isEqualTo("epoch-1");
    assertThat(s.expect("synced").path("backlog").asLong()).isZero();
  }

  @Test
  void withoutHelloItEnds() {
    s.pass(Duration.ofMillis(9_999));
    s.pass(Duration.ofMillis(1));
    assertThat(s.expectClosing("no_hello").path("reconnect").asBoolean()).isFalse();
  }

  @Test
  void helloMustBeFirst() {
    s.send("{'op':'ping','id':3}");
    assertThat(s.expectError("hello_required").path("id").asLong()).isEqualTo(3);
    s.live();
  }

  @Test
  void aSecondHelloIsABadFrame() {
    s.live().hello();
    assertThat(s.expectError("bad_frame").path("id").asLong()).isEqualTo(1);
    s.quiet();
  }

  @Test
  void aBadTokenEndsIt() {
    s.verdict = CompletableFuture.completedFuture(new Authenticator.Rejected());
    s.hello();
    assertThat(s.expectError("unauthenticated").path("id").asLong()).isEqualTo(1);
    s.expectClosing("unauthenticated");
  }

  @Test
  void tokensThatCannotBeJudged() {
    s.verdict = CompletableFuture.failedFuture(new IllegalStateException("down"));
    s.hello();
    s.expectError("unavailable");
    assertThat(s.expectClosing("state_lost").path("retry_after_ms").asLong()).isPositive();
  }

  @Test
  void aVerdictThatNeverComes() {
    s.verdict = new CompletableFuture<>();
    s.hello();
    s.send("{'op':'ping'}");
    awaitReady(1);
    s.pass(Duration.ofSeconds(10));
    s.expectError("unavailable");
    s.expectClosing("state_lost");
    s.userHeardNoMore();
  }

  @Test
  void aUserThatNeverAnswers() {
    s.hello();
    s.user.expectMessageClass(User.Attach.class);
    s.pass(Duration.ofSeconds(10));
    s.expectError("unavailable");
    s.expectClosing("state_lost");
  }

  @Test
  void anIssuersUserIsMadeFirst() {
    s.verdict =
        CompletableFuture.completedFuture(
            new Authenticator.Accepted(ME, null, START + 900_000, true));
    s.hello();
    assertThat(s.user.expectMessageClass(User.Ensure.class).displayName()).isEqualTo("alice");
    s.attach();
    s.expect("welcome");
  }

  @Test
  void whoHasGoneDoesNotAttach() {
    var verdict = new CompletableFuture<Authenticator.Verdict>();
    s.verdict = verdict;
    s.hello();
    s.session.tell(SessionInternal.Socket.GONE);
    s.expectGone();
    verdict.complete(SessionHarness.accepted(ME, 900));
    s.userHeardNoMore();
  }

  @Test
  void aDeviceTooMany() {
    refuse(Refusal.of(ErrorCode.FORBIDDEN, "device_id: too many devices"));
    var error = s.expectError("forbidden");
    assertThat(error.path("id").asLong()).isEqualTo(1);
    assertThat(error.path("message").asText()).startsWith("device_id");
    assertThat(s.expectClosing("removed").path("reconnect").asBoolean(true)).isFalse();
  }

  @Test
  void aRefusalForNow() {
    refuse(Refusal.unavailable("too many sessions of one device at once"));
    s.expectError("unavailable");
    var closing = s.expectClosing("state_lost");
    assertThat(closing.path("reconnect").asBoolean()).isTrue();
    assertThat(closing.path("retry_after_ms").asLong()).isPositive();
  }

  @Test
  void aUserThatIsNotThere() {
    refuse(Refusal.of(ErrorCode.NOT_FOUND, "no such user"));
    s.expectError("not_found");
    s.expectClosing("unauthenticated");
  }

  private void refuse(Refusal refusal) {
    s.hello();
    var attach = s.user.expectMessageClass(User.Attach.class);
    attach.session().tell(new User.Ended(User.End.REFUSED, refusal));
  }

  // ---- the token and the end

  @Test
  void authRenewsTheSession() {
    s.live();
    s.pass(Duration.ofSeconds(50));
    s.verdict = CompletableFuture.completedFuture(SessionHarness.accepted(ME, 1_000));
    s.send("{'op':'auth','id':9,'token':'new'}");
    assertThat(s.expect("ok").path("id").asLong()).isEqualTo(9);
    for (int at = 100; at <= 1_050; at += 50) {
      s.pass(Duration.ofSeconds(50));
      s.quiet();
    }
    s.pass(Duration.ofSeconds(10));
    s.expectClosing("unauthenticated");
  }

  @Test
  void authIsForTheSameUser() {
    s.live();
    s.verdict = CompletableFuture.completedFuture(SessionHarness.accepted(BOB, 900));
    s.send("{'op':'auth','id':9,'token':'his'}");
    s.expectError("forbidden");
    s.verdict = CompletableFuture.completedFuture(new Authenticator.Rejected());
    s.send("{'op':'auth','id':9,'token':'bad'}");
    s.expectError("unauthenticated");
    s.quiet();
  }

  @Test
  void onlyTheClientsFramesCountAsLife() {
    s.live();
    s.pass(Duration.ofSeconds(40));
    s.quiet();
    s.pass(Duration.ofSeconds(59));
    s.entries(A, 1, 1);
    s.expect("message");
    s.pass(Duration.ofSeconds(1));
    s.expectClosing("idle");
  }

  @Test
  void theUserEndsIt() {
    s.live();
    s.told(new User.Ended(User.End.REPLACED, Refusal.of(ErrorCode.NOT_FOUND, "")));
    assertThat(s.expectClosing("replaced").path("reconnect").asBoolean()).isFalse();
    s.entries(A, 1, 1);
    s.session.tell(SessionInternal.Socket.GONE);
    s.expectGone();
  }

  @Test
  void aRemovedDevice() {
    s.live();
    s.told(new User.Ended(User.End.REMOVED, Refusal.of(ErrorCode.NOT_FOUND, "")));
    s.expectClosing("removed");
  }

  @Test
  void aWriteWithoutAnAnswerIsRepeatedOnce() {
    s.live();
    s.send(
        "{'op':'send','id':7,'conversation_id':'conv-a','client_msg_id':'x1','type':'text','content':'hi'}");
    var first = s.conversation(A).expectMessageClass(Conversation.Post.class);
    s.quiet();
    s.pass(Duration.ofMillis(2_999));
    s.quiet();
    s.pass(Duration.ofMillis(1));
    assertThat(s.conversation(A).expectMessageClass(Conversation.Post.class)).isEqualTo(first);
    first.replyTo().tell(new Conversation.Posted(A, "x1", "m1", 1, SessionHarness.START, false));
    assertThat(s.expect("sent").path("seq").asLong()).isEqualTo(1);
    // The answer to the repetition.
    first.replyTo().tell(new Conversation.Posted(A, "x1", "m1", 1, SessionHarness.START, true));
    s.quiet();
    s.send(
        "{'op':'send','id':8,'conversation_id':'conv-a','client_msg_id':'x2','type':'text','content':'hi'}");
    s.conversation(A).expectMessageClass(Conversation.Post.class);
    s.quiet();
    s.pass(Duration.ofSeconds(3));
    s.conversation(A).expectMessageClass(Conversation.Post.class);
    s.quiet();
    s.pass(Duration.ofSeconds(12));
    // Nothing in between: it was repeated once.
    s.expectError("unavailable");
  }

  @Test
  void whoIsSilentIsPingedAndAPongIsAsGoodAsAFrame() {
    s.live();
    s.pass(Duration.ofSeconds(15));
    s.quiet();
    s.pass(Duration.ofSeconds(5));
    s.quiet();
    assertThat(s.pings).isZero();
    s.pass(Duration.ofSeconds(20));
    s.session.tell(SessionInternal.Socket.PONG);
    // More than a minute after the last frame.
    s.pass(Duration.ofSeconds(45));
    s.quiet();
    assertThat(s.pings).isPositive();
  }

  @Test
  void aLostUserIsLookedForAndNothingIsLostOrDoubled() {
    s.live();
    s.entries(A, 1, 3);
    for (long seq = 1; seq <= 3; seq++) {
      assertThat(s.expect("message").path("seq").asLong()).isEqualTo(seq);
    }
    s.send("{'op':'ack','conversation_id':'conv-a','seq':2}");
    s.pass(Duration.ofMillis(25));
    assertThat(s.user.expectMessageClass(User.Acked.class).acks())
        .containsExactly(new User.Ack(A, 2, 2));
    s.entity.stop();
    User.Attach again = s.user.expectMessageClass(User.Attach.class);
    assertThat(again.resume()).isTrue();
    assertThat(again.fresh()).isFalse();
    assertThat(again.sessionId()).isEqualTo("session-1");

    // Nobody would hear an acknowledgement now. The question is repeated: it may have been lost.
    s.send("{'op':'ack','conversation_id':'conv-a','seq':3}");
    s.quiet();
    s.pass(Duration.ofSeconds(2));
    s.user.expectMessageClass(User.Attach.class);

    // It died before its journal knew of any acknowledgement; 4 and 5 were told to nobody.
    s.told(new User.Attached(s.kit.<User.Command>createTestProbe().ref(), lags(0, 5), 0));
    var asked = s.page(A, 4, 5);
    assertThat(asked.after()).isEqualTo(3);
    assertThat(s.expect("message").path("seq").asLong()).isEqualTo(4);
    assertThat(s.expect("message").path("seq").asLong()).isEqualTo(5);
    s.pass(Duration.ofMillis(25));
    assertThat(s.user.expectMessageClass(User.Acked.class).acks())
        .containsExactly(new User.Ack(A, 3, 3));
    s.quiet();
  }

  @Test
  void whatWasAcknowledgedIsRememberedForAUserThatForgot() {
    s.live();
    s.entries(A, 1, 1);
    s.expect("message");
    s.send("{'op':'ack','conversation_id':'conv-a','seq':1}");
    s.pass(Duration.ofMillis(25));
    s.user.expectMessageClass(User.Acked.class);
    s.entity.stop();
    s.user.expectMessageClass(User.Attach.class);
    s.told(new User.Attached(s.kit.<User.Command>createTestProbe().ref(), lags(0, 1), 0));
    s.pass(Duration.ofMillis(25));
    assertThat(s.user.expectMessageClass(User.Acked.class).acks())
        .containsExactly(new User.Ack(A, 1, 1));
    // The conversation tells the new user everything again.
    s.entries(A, 1, 1);
    s.quiet();
  }

  @Test
  void aHoleInWhatIsToldIsReadFromTheConversation() {
    s.live();
    s.entries(A, 1, 1);
    s.expect("message");
    s.send("{'op':'ack','conversation_id':'conv-a','seq':1}");
    s.quiet();
    s.entries(A, 4, 4);
    assertThat(s.page(A, 2, 4).after()).isEqualTo(1);
    for (long seq = 2; seq <= 4; seq++) {
      assertThat(s.expect("message").path("seq").asLong()).isEqualTo(seq);
    }
    s.quiet();
  }

  @Test
  void aUserThatIsNotFoundForAMinuteIsStateLost() {
    s.live();
    s.entity.stop();
    s.user.expectMessageClass(User.Attach.class);
    for (int i = 0; i < 30; i++) {
      s.pass(Duration.ofSeconds(2));
      s.user.expectMessageClass(User.Attach.class);
      // Somebody is at the other end all the time.
      s.quiet();
    }
    s.pass(Duration.ofSeconds(2));
    assertThat(s.expectClosing("state_lost").path("reconnect").asBoolean()).isTrue();
  }

  private static List<User.Lag> lags(long acked, long head) {
    return List.of(new User.Lag(A, acked, head));
  }

  @Test
  void aDrainHasASlot() {
    s.live();
    s.session.tell(new Session.Drain(3_000, 5_000, "upgrade"));
    assertThat(s.expect("server_maintenance").path("reconnect_after_ms").asLong()).isEqualTo(3_000);
    s.quiet();
    s.pass(Duration.ofSeconds(3));
    s.expectClosing("going_away");
    s.pass(Duration.ofSeconds(5));
    assertThat(s.socket.receiveMessage()).isEqualTo(SocketFlow.Cut.CUT);
    s.expectGone();
  }

  @Test
  void closeAtOnce() {
    s.live();
    s.session.tell(new Session.Close(CloseCode.GOING_AWAY, "bye"));
    s.expectClosing("going_away");
  }

  // ---- writing

  private Conversation.Post post(ConversationId id, String name, long frame) {
    s.send(
        "{'op':'send','id':%d,'conversation_id':'%s','client_msg_id':'%s','type':'text','content':'x'}"
            .formatted(frame, id, name));
    return s.conversation(id).expectMessageClass(Conversation.Post.class);
  }

  @Test
  void sendIsAnsweredWithItsId() {
    s.live();
    var post = post(A, "c1", 5);
    post.replyTo().tell(new Conversation.Posted(A, "c1", "m1", 1, START, false));
    var sent = s.expect("sent");
    assertThat(sent.path("id").asLong()).isEqualTo(5);
    assertThat(sent.path("seq").asLong()).isEqualTo(1);
    s.told(new User.Entries(A, List.of(SessionHarness.own(1, "c1"))));
    s.quiet();
  }

  @Test
  void aRefusedSend() {
    s.live();
    post(A, "c1", 5).replyTo().tell(new Conversation.PostRefused("c1", Refusal.notFound()));
    assertThat(s.expectError("not_found").path("id").asLong()).isEqualTo(5);
  }

  @Test
  void sendToAUserOpensTheConversation() {
    s.live();
    s.send("{'op':'send','id':5,'to':'bob','client_msg_id':'c','type':'text','content':'x'}");
    var id = ConversationId.direct(ME, BOB);
    assertThat(s.conversation(id).expectMessageClass(Conversation.Post.class).openWith())
        .isEqualTo(BOB);
    s.send("{'op':'send','id':6,'to':'alice','client_msg_id':'c','type':'text','content':'x'}");
    assertThat(s.expectError("bad_frame").path("message").asText()).startsWith("to ");
  }

  @Test
  void aSendWithoutAnAnswer() {
    s.live();
    var post = post(A, "c1", 5);
    s.pass(Duration.ofSeconds(15));
    assertThat(s.expectError("unavailable").path("retryable").asBoolean()).isTrue();
    post.replyTo().tell(new Conversation.Posted(A, "c1", "m1", 1, START, false));
    s.told(new User.Entries(A, List.of(SessionHarness.own(1, "c1"))));
    assertThat(s.expect("message").path("client_msg_id").asText()).isEqualTo("c1");
  }

  @Test
  void whatFollowsAnEntryWaitsForItsSent() {
    s.live();
    var post = post(A, "c1", 5);
    s.told(new User.Entries(A, List.of(SessionHarness.own(1, "c1"))));
    s.entries(A, 2, 3);
    s.quiet();
    post.replyTo().tell(new Conversation.Posted(A, "c1", "m1", 1, START, false));
    assertThat(s.expect("sent").path("seq").asLong()).isEqualTo(1);
    assertThat(s.expect("message").path("seq").asLong()).isEqualTo(2);
    assertThat(s.expect("message").path("seq").asLong()).isEqualTo(3);
  }

  @Test
  void anOldEntryOfTheSameNameIsAMessage() {
    s.live();
    var post = post(A, "c1", 5);
    s.told(new User.Entries(A, List.of(SessionHarness.own(1, "c1"))));
    s.told(new User.Entries(A, List.of(SessionHarness.own(2, "c1"))));
    post.replyTo().tell(new Conversation.Posted(A, "c1", "m3", 3, START, false));
    assertThat(s.expect("sent").path("seq").asLong()).isEqualTo(3);
    assertThat(s.expect("message").path("seq").asLong()).isEqualTo(1);
    assertThat(s.expect("message").path("seq").asLong()).isEqualTo(2);
  }

  @Test
  void anEntryBeforeItsAnswer() {
    s.live();
    var post = post(A, "c1", 5);
    s.told(new User.Entries(A, List.of(SessionHarness.own(1, "c1"))));
    s.quiet();
    post.replyTo().tell(new Conversation.Posted(A, "c1", "m1", 1, START, false));
    s.expect("sent");
    s.entries(A, 2, 2);
    assertThat(s.expect("message").path("seq").asLong()).isEqualTo(2);
  }

  @Test
  void anEntryProvesWhatItsAnswerShouldHaveSaid() {
    s.live();
    post(A, "c1", 5);
    s.told(new User.Entries(A, List.of(SessionHarness.own(1, "c1"))));
    s.quiet();
    s.pass(Duration.ofSeconds(15));
    var sent = s.expect("sent");
    assertThat(sent.path("message_id").asText()).isEqualTo("m1");
    assertThat(sent.path("id").asLong()).isEqualTo(5);
  }

  @Test
  void oneNameInTwoConversations() {
    s.live();
    var first = post(A, "same", 5);
    var second = post(B, "same", 6);
    second.replyTo().tell(new Conversation.PostRefused("same", Refusal.notFound()));
    assertThat(s.expectError("not_found").path("id").asLong()).isEqualTo(6);
    first.replyTo().tell(new Conversation.Posted(A, "same", "m1", 1, START, false));
    assertThat(s.expect("sent").path("id").asLong()).isEqualTo(5);
  }

  @Test
  void aRetryGetsItsAnswerAlthoughTheFirstWriteWasLost() {
    s.live();
    var unused = post(A, "c", 5);
    var second = post(A, "c", 6);
    second.replyTo().tell(new Conversation.Posted(A, "c", "m1", 1, START, false));
    var answer = s.expect("sent");
    assertThat(answer.path("id").asLong()).isEqualTo(5);
    assertThat(answer.path("duplicate").asBoolean()).isFalse();
    answer = s.expect("sent");
    assertThat(answer.path("id").asLong()).isEqualTo(6);
    assertThat(answer.path("duplicate").asBoolean()).isTrue();
  }

  @Test
  void aRetryBeforeTheFirstAnswer() {
    s.live();
    var first = post(A, "c", 5);
    var second = post(A, "c", 6);
    first.replyTo().tell(new Conversation.Posted(A, "c", "m1", 1, START, false));
    second.replyTo().tell(new Conversation.Posted(A, "c", "m1", 1, START, true));
    assertThat(s.expect("sent").path("duplicate").asBoolean()).isFalse();
    assertThat(s.expect("sent").path("duplicate").asBoolean()).isTrue();
  }

  @Test
  void onlySoManyWithoutAnAnswer() {
    s.live();
    for (int i = 0; i < PendingPosts.OUTSTANDING; i++) {
      post(A, "c" + i, i);
    }
    s.send(
        "{'op':'send','id':999,'conversation_id':'x','client_msg_id':'c','type':'text','content':'x'}");
    assertThat(s.expectError("unavailable").path("id").asLong()).isEqualTo(999);
  }

  // ---- acknowledgements

  @Test
  void acknowledgementsAreGathered() {
    s.live();
    s.entries(A, 1, 3);
    s.entries(B, 7, 7);
    for (int i = 0; i < 4; i++) {
      s.expect("message");
    }
    s.send("{'op':'ack','conversation_id':'conv-a','seq':2}");
    s.send("{'op':'ack','conversation_id':'conv-a','seq':3}");
    s.send("{'op':'ack','conversation_id':'conv-b','seq':7}");
    s.send("{'op':'ack','conversation_id':'nobody','seq':7}");
    // Answered at once, unlike a ping, which first sends on what was acknowledged.
    s.send("{'op':'nonsense'}");
    s.expectError("bad_frame");
    s.userHeardNoMore();
    s.pass(Duration.ofMillis(25));
    var acked = s.user.expectMessageClass(User.Acked.class);
    assertThat(acked.acks()).containsExactly(new User.Ack(A, 3, 3), new User.Ack(B, 7, 7));
  }

  @Test
  void theLastAcknowledgementIsNotLost() {
    s.live();
    s.entries(A, 1, 1);
    s.expect("message");
    s.send("{'op':'ack','conversation_id':'conv-a','seq':1}");
    s.session.tell(SessionInternal.Socket.GONE);
    assertThat(s.user.expectMessageClass(User.Acked.class).sessionId()).isEqualTo("session-1");
  }

  // ---- replay

  @Test
  void theBacklogIsRead() {
    s.live(new User.Lag(A, 2, 5));
    var ask = s.page(A, 3, 5);
    assertThat(ask.replay()).isTrue();
    assertThat(ask.after()).isEqualTo(2);
    for (int i = 3; i <= 5; i++) {
      assertThat(s.expect("message").path("seq").asLong()).isEqualTo(i);
    }
    assertThat(s.expect("synced").path("backlog").asLong()).isEqualTo(3);
  }

  @Test
  void aPageThatDoesNotComeIsAskedForAgain() {
    s.live(new User.Lag(A, 2, 3));
    s.conversation(A).expectMessageClass(Conversation.GetPage.class);
    s.pass(Duration.ofSeconds(15));
    s.quiet();
    s.pass(Duration.ofMillis(500));
    s.conversation(A)
        .expectMessageClass(Conversation.GetPage.class)
        .replyTo()
        .tell(new Conversation.Refused(Refusal.unavailable("slow")));
    s.quiet();
    s.pass(Duration.ofMillis(500));
    s.quiet();
    s.pass(Duration.ofMillis(500));
    s.page(A, 3, 3);
    s.expect("message");
    s.expect("synced");
  }

  @Test
  void whatIsGoneIsAGap() {
    s.live(new User.Lag(A, 2, 3));
    s.conversation(A)
        .expectMessageClass(Conversation.GetPage.class)
        .replyTo()
        .tell(new Conversation.Refused(Refusal.notFound()));
    assertThat(s.expect("gap").path("to_seq").asLong()).isEqualTo(3);
    s.expect("synced");
  }

  // ---- reading, typing, presence

  @Test
  void reads() {
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
                new HistoryPage(
                    A, DeliveryTrackerTest.entries(2, 3), true, HistoryPage.Tier.MEMORY)));
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
    // Only those of the frames that were answered ok were told.
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
  void watching() {
    s.live();
    s.send("{'op':'watch','id':3,'user_ids':['bob']}");
    s.expect("ok");
    var watch = s.user.expectMessageClass(User.Watch.class);
    assertThat(watch.on()).isTrue();
    watch.watcher().tell(new User.PresenceSeen(presence(BOB)));
    s.expect("presence");
    s.told(new User.PresenceSeen(presence(new UserId("carol"))));
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

  private static Presence presence(UserId id) {
    return new Presence(id, Presence.Status.ONLINE, START);
  }

  // ---- bad frames

  @Test
  void twentyBadFramesInARow() {
    s.live();
    for (int i = 1; i < Session.BAD_FRAMES; i++) {
      s.send("nonsense");
      s.expectError("bad_frame");
    }
    s.quiet();
    for (int i = 1; i < Session.BAD_FRAMES; i++) {
      s.session.tell(SessionInternal.Socket.BINARY);
      s.expectError("bad_frame");
    }
    s.send("{'op':'send','to':'alice','client_msg_id':'c','type':'text','content':'x'}");
    s.expectError("bad_frame");
    s.expectClosing("protocol");
  }

  @Test
  void aSecondHelloCountsAsBad() {
    s.live();
    for (int i = 1; i <= Session.BAD_FRAMES; i++) {
      s.hello();
      s.expectError("bad_frame");
    }
    s.expectClosing("protocol");
  }

  @Test
  void onlyWhatIsTakenEndsTheRow() {
    for (int i = 1; i < Session.BAD_FRAMES; i++) {
      s.send("nonsense");
      s.expectError("bad_frame");
      s.send("{'op':'ping'}");
      s.expectError("hello_required");
    }
    s.live();
    for (int i = 1; i < Session.BAD_FRAMES; i++) {
      s.send("nonsense");
      s.expectError("bad_frame");
    }
    s.hello();
    s.expectError("bad_frame");
    s.expectClosing("protocol");
  }

  @Test
  void aFrameThatIsTooLarge() {
    s.session.tell(SessionInternal.Socket.TOO_LARGE);
    s.expectClosing("protocol");
  }

  // ---- slow readers

  private void fill() {
    s.stall();
    List<parley.model.Entry> large =
        LongStream.rangeClosed(1, 80).mapToObj(SessionHarness::large).toList();
    s.told(new User.Entries(A, large));
  }

  @Test
  void aSlowReaderLosesWhatItCanDoWithout() {
    s.live();
    fill();
    s.told(new User.TypingSeen(A, BOB, true));
    for (int i = 1; i <= 3; i++) {
      s.told(new User.Receipts(A, List.of(new User.Receipt(BOB, i, i))));
    }
    barrier();
    s.pass(Duration.ofSeconds(2));
    s.resume();
    List<String> ops = new ArrayList<>();
    String op = "";
    while (!op.equals("gap")) {
      var frame = s.next();
      op = frame.path("op").asText();
      if (!op.equals("message")) {
        ops.add(op);
      }
      if (op.equals("gap")) {
        assertThat(frame.path("reason").asText()).isEqualTo("slow");
        assertThat(frame.path("to_seq").asLong()).isEqualTo(80);
      }
      if (op.equals("receipt")) {
        assertThat(frame.path("read_seq").asLong()).isEqualTo(3);
      }
    }
    assertThat(ops).containsExactly("ok", "receipt", "gap");
    s.pass(Duration.ofSeconds(10));
    s.quiet();
  }

  @Test
  void whoNeverReadsIsCut() {
    s.live();
    fill();
    barrier();
    s.pass(Duration.ofSeconds(10));
    s.pass(Duration.ofSeconds(1));
    while (true) {
      var message = s.socket.receiveMessage();
      if (message == SocketFlow.Cut.CUT) {
        break;
      }
    }
    s.expectGone();
  }

  @Test
  void whoReadsNothingIsNotReadFrom() {
    s.live();
    fill();
    barrier();
    barrier();
    s.pass(Duration.ofSeconds(2));
    s.resume();
    while (!s.next().path("op").asText().equals("gap")) {
      // what was in the buffer
    }
    // At the opening, after hello, after the ping; and only now again, for all that came between.
    assertThat(s.ready).isEqualTo(4);
  }

  // A watch is seen by the user's probe without the socket.
  private void barrier() {
    s.send("{'op':'watch','user_ids':['bob']}");
    s.user.expectMessageClass(User.Watch.class);
  }

  private void awaitReady(int count) {
    while (s.ready < count) {
      if (s.socket.receiveMessage() == SocketFlow.Ready.READY) {
        s.ready++;
      }
    }
  }
}
