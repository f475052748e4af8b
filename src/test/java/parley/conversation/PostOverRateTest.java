package parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.conversation.ConversationHarness.ANN;
import static parley.conversation.ConversationHarness.BOB;
import static parley.conversation.ConversationHarness.CAT;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import parley.model.EntryIntent;
import parley.model.ErrorCode;
import parley.model.Refusal;
import parley.model.UserId;

/** How a conversation answers a sender over the message rate, for a new message and for a retry. */
class PostOverRateTest {
  private static Conversation.PostReply post(
      ConversationHarness h, UserId author, String name, @Nullable UserId openWith, long wait) {
    h.tell(
        new Conversation.Post(
            author,
            name,
            new EntryIntent.Text("x", null, List.of()),
            openWith,
            h.posts.getRef(),
            wait,
            false));
    return h.posts.receiveMessage(Duration.ofSeconds(20));
  }

  private static Refusal refusal(Conversation.PostReply reply) {
    return ((Conversation.PostRefused) reply).refusal();
  }

  @Test
  void onlyKnownConversationsAreAnswered() {
    try (ConversationHarness h = ConversationHarness.group(BOB)) {
      long seq = h.text(ANN, "old", "x").seq();
      int events = h.events().size();
      assertThat((Conversation.Posted) post(h, ANN, "old", null, 700))
          .matches(Conversation.Posted::duplicate)
          .matches(again -> again.seq() == seq);
      assertThat(refusal(post(h, ANN, "new", null, 700)))
          .isEqualTo(Refusal.rateLimited("too many messages", 700));
      // A user who is no member learns nothing by being over the rate.
      assertThat(refusal(post(h, CAT, "old", null, 700))).isEqualTo(Refusal.notFound());
      assertThat(h.events()).hasSize(events);
      h.restart();
      assertThat(post(h, ANN, "old", null, 700)).isInstanceOf(Conversation.Posted.class);
    }
  }

  @Test
  void lookupOpensNothing() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      assertThat(refusal(post(h, ANN, "m", BOB, 700)).code()).isEqualTo(ErrorCode.RATE_LIMITED);
      assertThat(h.events()).isEmpty();
      assertThat(post(h, ANN, "m", BOB, 0)).isInstanceOf(Conversation.Posted.class);
      assertThat((Conversation.Posted) post(h, ANN, "m", BOB, 700))
          .matches(Conversation.Posted::duplicate);
    }
  }

  @Test
  void existingGroupIsNotCreatedAgain() {
    try (ConversationHarness h = ConversationHarness.group(BOB)) {
      int events = h.events().size();
      h.strangers.add(CAT);
      h.tell(new Conversation.CreateGroup(ANN, "Other", null, List.of(CAT), h.views.getRef()));
      Conversation.Viewed viewed =
          h.views.expectMessageClass(Conversation.Viewed.class, Duration.ofSeconds(20));
      assertThat(viewed.existed()).isTrue();
      assertThat(viewed.view().name()).isEqualTo("The group");
      h.tell(new Conversation.CreateGroup(CAT, "Other", null, List.of(), h.views.getRef()));
      assertThat(h.views.receiveMessage()).isEqualTo(new Conversation.Refused(Refusal.notFound()));
      assertThat(h.events()).hasSize(events);
    }
  }

  @Test
  void concurrentCreationsMakeOneGroup() {
    try (ConversationHarness h = new ConversationHarness(parley.model.ConversationId.group("2"))) {
      for (int i = 0; i < 10; i++) {
        h.tell(new Conversation.CreateGroup(ANN, "G" + i, null, List.of(BOB), h.views.getRef()));
      }
      List<Conversation.ViewReply> replies =
          h.views.receiveSeveralMessages(10, Duration.ofSeconds(20));
      assertThat(replies)
          .allMatch(r -> r instanceof Conversation.Viewed v && v.view().name().equals("G0"))
          .filteredOn(r -> !((Conversation.Viewed) r).existed())
          .hasSize(1);
      assertThat(h.page(ANN, null, null, 100, false).entries()).hasSize(1);
    }
  }
}
