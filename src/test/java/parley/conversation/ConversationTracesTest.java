package parley.conversation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static parley.conversation.ConversationHarness.ANN;
import static parley.conversation.ConversationHarness.BOB;
import static parley.conversation.ConversationHarness.CAT;

import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import parley.model.EntryIntent;
import parley.model.EntryTrace;
import parley.model.UserId;
import parley.telemetry.RecordingTracing.Recorded;
import parley.telemetry.Tracing.Part;
import parley.user.User;

/** What a conversation adds to the trace of a message, and where the trace goes on. */
class ConversationTracesTest {
  @Test
  void aTracedPostHasItsPartsAndGoesOnToEachUser() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.opening(ANN, BOB, "c1");
      String socket = h.tracing.newContext();
      post(h, ANN, "c2", socket);
      await().until(() -> h.entries(BOB).size() == 2);

      assertThat(h.tracing.spans())
          .extracting(span -> span.part)
          .containsExactly(Part.VALIDATE, Part.PERSIST, Part.DISPATCH);
      assertThat(h.tracing.spans())
          .allSatisfy(
              span -> {
                assertThat(span.parent).isEqualTo(socket);
                assertThat(span.ended()).isTrue();
                assertThat(span.values).containsEntry("seq", 2L);
              });
      Recorded dispatch = h.tracing.spans(Part.DISPATCH).getFirst();
      for (UserId user : List.of(ANN, BOB)) {
        assertThat(tracesOf(h, user, 2)).containsExactly(new EntryTrace(2, dispatch.context()));
      }
    }
  }

  /** Nothing is recorded, and no field is sent. */
  @Test
  void anUntracedPostLeavesNothing() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.opening(ANN, BOB, "c1");
      h.text(ANN, "c2", "x");
      await().until(() -> h.entries(BOB).size() == 2);
      assertThat(h.tracing.spans()).isEmpty();
      assertThat(h.deliveries(BOB)).allSatisfy(one -> assertThat(one.traces()).isNull());
    }
  }

  @Test
  void aRefusedPostAndARetryEndTheirPart() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.opening(ANN, BOB, "c1");
      h.text(ANN, "c2", "x");
      post(h, CAT, "c3", h.tracing.newContext());
      post(h, ANN, "c2", h.tracing.newContext());
      assertThat(h.tracing.spans())
          .extracting(span -> span.part)
          .containsExactly(Part.VALIDATE, Part.VALIDATE);
      List<Recorded> spans = h.tracing.spans(Part.VALIDATE);
      assertThat(spans).allMatch(Recorded::ended);
      assertThat(spans.get(0).values).containsEntry("failed", "not_found");
      assertThat(spans.get(1).values).containsEntry("duplicate", 1L);
    }
  }

  /** One event may hold several traced entries: each trace has a span of it. */
  @Test
  void eachTraceHasItsSpanOfTheEvent() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.opening(ANN, BOB, "c1");
      List<String> sockets = IntStream.range(0, 5).mapToObj(i -> h.tracing.newContext()).toList();
      for (String socket : sockets) {
        tell(h, ANN, "n" + sockets.indexOf(socket), socket);
      }
      await().until(() -> h.tracing.spans(Part.DISPATCH).size() == 5);
      assertThat(h.tracing.spans(Part.PERSIST))
          .extracting(span -> span.parent)
          .containsExactlyInAnyOrderElementsOf(sockets);
      assertThat(h.tracing.spans(Part.PERSIST))
          .allSatisfy(span -> assertThat(span.values).containsKey("event_entries"));
    }
  }

  /** A trace is not in the journal, so what is sent again has none. */
  @Test
  void whatIsSentAgainHasNoTrace() {
    try (ConversationHarness h = ConversationHarness.direct()) {
      h.opening(ANN, BOB, "c1");
      h.deaf.add(BOB);
      post(h, ANN, "c2", h.tracing.newContext());
      h.deaf.remove(BOB);
      h.clock.addAndGet(2 * MemberPosition.FIRST_PAUSE.toMillis());
      await().until(() -> h.entries(BOB).size() == 2);
      assertThat(tracesOf(h, BOB, 2)).isNull();
    }
  }

  @Test
  void aTraceFollowsToSomeOfManyMembers() {
    UserId[] members =
        IntStream.range(0, 2 * FollowedEntries.MAX_USERS)
            .mapToObj(i -> new UserId("u_" + i))
            .toArray(UserId[]::new);
    try (ConversationHarness h = ConversationHarness.group(members)) {
      post(h, ANN, "c1", h.tracing.newContext());
      await().until(() -> h.entries(members[members.length - 1]).size() == 2);
      long followed = List.of(members).stream().filter(m -> tracesOf(h, m, 2) != null).count();
      if (tracesOf(h, ANN, 2) != null) {
        followed++;
      }
      assertThat(followed).isEqualTo(FollowedEntries.MAX_USERS);
      assertThat(h.tracing.spans(Part.DISPATCH).getFirst().values)
          .containsEntry("recipients", members.length + 1L);
    }
  }

  private static @Nullable List<EntryTrace> tracesOf(ConversationHarness h, UserId user, long seq) {
    for (User.Deliver one : h.deliveries(user)) {
      if (one.entries().stream().anyMatch(entry -> entry.seq() == seq)) {
        return one.traces();
      }
    }
    throw new AssertionError(user + " has no entry " + seq);
  }

  private static void post(ConversationHarness h, UserId author, String name, String trace) {
    tell(h, author, name, trace);
    h.posts.receiveMessage(Duration.ofSeconds(20));
  }

  private static void tell(ConversationHarness h, UserId author, String name, String trace) {
    h.tell(
        new Conversation.Post(
            author,
            name,
            new EntryIntent.Text("text", null, List.of()),
            null,
            h.posts.getRef(),
            0,
            true,
            trace));
  }
}
