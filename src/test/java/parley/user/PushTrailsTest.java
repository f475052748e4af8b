package parley.user;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import parley.model.ConversationId;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.EntryTrace;
import parley.model.UserId;
import parley.push.PushOutcome;
import parley.telemetry.MessageLog;
import parley.telemetry.MessageSpan;
import parley.telemetry.MessageTrail;
import parley.telemetry.RecordingTracing;
import parley.telemetry.RecordingTracing.Recorded;
import parley.telemetry.Tracing.Part;

/** A push belongs to the trace of the message that it is about. */
class PushTrailsTest {
  private static final UserId ANN = new UserId("u_ann");
  private static final UserId BEN = new UserId("u_ben");
  private static final ConversationId CHAT = ConversationId.direct(ANN, BEN);

  private final RecordingTracing tracing = new RecordingTracing();
  private final PushTrails trails = new PushTrails(BEN, new MessageTrail(MessageLog.OFF, tracing));

  @Test
  void aPushIsAPartOfTheTraceOnceForEachDevice() {
    String inbox = tracing.newContext();
    planned(7, inbox);
    MessageSpan span = Objects.requireNonNull(trails.sent(push(1, 7), "apns"));
    trails.answered(push(1, 7).key(), 7, new PushOutcome.Delivered(), span, 10);
    Recorded recorded = tracing.spans(Part.PUSH).getFirst();
    assertThat(recorded.parent).isEqualTo(inbox);
    assertThat(recorded.ended()).isTrue();
    assertThat(recorded.values).containsEntry("platform", "apns").containsEntry("seq", 7L);

    assertThat(trails.sent(push(1, 9), "apns")).as("about a later message").isNull();
    assertThat(trails.sent(push(2, 7), "fcm")).as("of another device").isNotNull();
  }

  @Test
  void aFailedAttemptIsASpanAndSoIsTheNext() {
    planned(7, tracing.newContext());
    for (PushOutcome outcome :
        List.of(new PushOutcome.Retry(null, "timeout"), new PushOutcome.Delivered())) {
      MessageSpan span = Objects.requireNonNull(trails.sent(push(1, 7), "apns"));
      trails.answered(push(1, 7).key(), 7, outcome, span, 10);
    }
    List<Recorded> spans = tracing.spans(Part.PUSH);
    assertThat(spans).hasSize(2).allMatch(Recorded::ended);
    assertThat(spans.get(0).values).containsEntry("failed", "Retry");
    assertThat(spans.get(1).values).doesNotContainKey("failed");
  }

  @Test
  void otherPushesAreNotTraced() {
    assertThat(trails.sent(push(1, 7), "apns")).isNull();
    planned(9, tracing.newContext());
    assertThat(trails.sent(push(1, 7), "apns")).as("about an earlier message").isNull();
  }

  private void planned(long seq, String context) {
    Entry entry =
        new Entry(seq, "m" + seq, ANN, 1, null, new EntryBody.Text("x", null, null, false));
    trails.planned(
        CHAT,
        List.of(entry),
        new InboxTrails.Followed(List.of(), List.of(new EntryTrace(seq, context))));
  }

  private static PendingPush push(long device, long seq) {
    return new PendingPush(CHAT, device, seq, 1, 0, 0, null);
  }
}
