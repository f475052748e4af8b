package parley.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import parley.client.ClientIds;
import parley.client.Frames;
import parley.client.JsonTrees;
import parley.client.ParleyClient;
import parley.client.ParleySocket;
import parley.client.Ports;
import parley.client.TestAccount;
import parley.settings.Settings;
import parley.telemetry.MessageLog;
import parley.telemetry.MessageTrail;
import parley.telemetry.Telemetry;
import parley.telemetry.Tracing;
import parley.traces.CollectedSpan;
import parley.traces.OtlpCollector;
import parley.traces.OtlpTracing;
import parley.traces.Waterfall;

/** One message is one trace over two nodes; and messages do not depend on traces. */
@Timeout(180)
class TracesIT {
  @TempDir Path folder;

  /** Sessions are on the edge, entities on the other node, so each arrow crosses. */
  @Test
  void oneMessageIsOneTraceOverTwoNodes() throws Exception {
    try (OtlpCollector collector = new OtlpCollector()) {
      URI uri = collector.uri();
      try (TwoNodes nodes =
              new TwoNodes(
                  folder,
                  Map.of(),
                  name -> new MessageTrail(MessageLog.OFF, OtlpTracing.to(uri, 1, 0, "1", name)));
          ParleyClient client = TwoNodes.client(nodes.atEdge)) {
        TestAccount ann = client.register("ann");
        TestAccount ben = client.register("ben");
        String direct = client.direct(ann, ben.userId());
        try (ParleySocket annPhone = client.connectSynced(ann, "phone");
            ParleySocket benPhone = client.connectSynced(ben, "phone");
            ParleySocket benDesk = client.connectSynced(ben, "desk")) {
          for (int seq = 1; seq <= 3; seq++) {
            annPhone.text(direct, "traced");
            benPhone.await(Frames.message(direct, seq));
            benDesk.await(Frames.message(direct, seq));
          }
          List<CollectedSpan> trace =
              await()
                  .atMost(Duration.ofSeconds(30))
                  .until(() -> traceOf(collector, "3"), Optional::isPresent)
                  .orElseThrow();
          System.out.println(Waterfall.of(trace));
          assertThat(trace).hasSize(8);
          CollectedSpan socket = one(trace, "socket", "edge");
          assertThat(socket.parentId()).isEmpty();
          CollectedSpan validate = one(trace, "validate", "entities");
          CollectedSpan persist = one(trace, "persist", "entities");
          CollectedSpan dispatch = one(trace, "dispatch", "entities");
          for (CollectedSpan part : List.of(validate, persist, dispatch)) {
            assertThat(part.parentId()).isEqualTo(socket.spanId());
          }
          List<CollectedSpan> inboxes = all(trace, "inbox");
          assertThat(inboxes)
              .hasSize(2)
              .allSatisfy(
                  inbox -> {
                    assertThat(inbox.parentId()).isEqualTo(dispatch.spanId());
                    assertThat(inbox.node()).isEqualTo("entities");
                  });
          CollectedSpan bens =
              inboxes.stream()
                  .filter(inbox -> ben.userId().equals(inbox.attributes().get("parley.user_id")))
                  .findFirst()
                  .orElseThrow();
          assertThat(all(trace, "deliver"))
              .hasSize(2)
              .allSatisfy(
                  deliver -> {
                    assertThat(deliver.parentId()).isEqualTo(bens.spanId());
                    assertThat(deliver.node()).isEqualTo("edge");
                  });
          assertThat(socket.attributes())
              .containsEntry("parley.conversation_id", direct)
              .containsEntry("parley.user_id", ann.userId());
          assertThat(trace.toString()).doesNotContain("traced");

          client
              .post(
                  "/v1/messages",
                  ann.accessToken(),
                  JsonTrees.obj(
                      "conversation_id",
                      direct,
                      "client_msg_id",
                      ClientIds.next(),
                      "type",
                      "text",
                      "content",
                      "traced"))
              .expect(201);
          List<CollectedSpan> byHttp =
              await()
                  .atMost(Duration.ofSeconds(30))
                  .until(() -> traceOf(collector, "4"), Optional::isPresent)
                  .orElseThrow();
          CollectedSpan http = one(byHttp, "http", "edge");
          assertThat(http.parentId()).isEmpty();
          assertThat(http.attributes()).containsEntry("parley.conversation_id", direct);
          assertThat(one(byHttp, "persist", "entities").parentId()).isEqualTo(http.spanId());
          assertThat(all(byHttp, "deliver")).hasSize(2);
        }
      }
    }
  }

  /** The trace of the entry with this seq, once all of its parts have arrived. */
  private static Optional<List<CollectedSpan>> traceOf(OtlpCollector collector, String seq) {
    return collector.complete().stream()
        .filter(
            trace ->
                trace.size() == 8
                    && trace.stream()
                        .allMatch(span -> seq.equals(span.attributes().get("parley.seq"))))
        .findFirst();
  }

  @Test
  void nothingIsSentWithoutACollectorOrAPart() throws Exception {
    try (OtlpCollector collector = new OtlpCollector()) {
      try (Node node =
          QuickNode.start(
              settings(
                  "PARLEY_TRACES_URL", collector.uri().toString(), "PARLEY_TRACES_SAMPLE", "0"))) {
        chat(node);
        assertThat(spans(node, "exported") + spans(node, "dropped")).isZero();
      }
      // A stop exports what there is: there was nothing.
      assertThat(collector.requests()).isZero();
    }
    assertThat(
            TrailFactory.create(settings("PARLEY_TRACES_SAMPLE", "1"))
                .tracing()
                .begin(Tracing.Part.SOCKET))
        .isNull();
  }

  @Test
  void aDeadCollectorChangesNothingForMessages() throws Exception {
    try (Node node =
        QuickNode.start(
            settings(
                "PARLEY_TRACES_URL",
                "http://127.0.0.1:" + Ports.free(),
                "PARLEY_TRACES_SAMPLE",
                "1"))) {
      chat(node);
      await().atMost(Duration.ofSeconds(30)).until(() -> spans(node, "dropped") >= 20 * 5);
      assertThat(spans(node, "exported")).isZero();
      chat(node);
    }
  }

  @Test
  void aStopExportsWhatIsRecorded() throws Exception {
    try (OtlpCollector collector = new OtlpCollector()) {
      try (Node node =
          QuickNode.start(
              settings(
                  "PARLEY_TRACES_URL", collector.uri().toString(), "PARLEY_TRACES_SAMPLE", "1"))) {
        chat(node);
      }
      assertThat(all(collector.spans(), "socket")).hasSize(20);
    }
  }

  /** Twenty messages, each of which arrives. */
  private static void chat(Node node) {
    try (ParleyClient client = new ParleyClient(URI.create("http://" + node.listening()))) {
      TestAccount ann = client.register(ClientIds.username("ann"));
      TestAccount ben = client.register(ClientIds.username("ben"));
      String direct = client.direct(ann, ben.userId());
      try (ParleySocket annPhone = client.connectSynced(ann, "phone");
          ParleySocket benPhone = client.connectSynced(ben, "phone")) {
        for (int seq = 1; seq <= 20; seq++) {
          assertThat(annPhone.text(direct, "x").path("op").asText()).isEqualTo("sent");
          benPhone.await(Frames.message(direct, seq));
        }
      }
    }
  }

  private static double spans(Node node, String outcome) {
    return node.telemetry()
        .registry()
        .get(Telemetry.TRACE_SPANS)
        .tag("outcome", outcome)
        .functionCounter()
        .count();
  }

  private static CollectedSpan one(List<CollectedSpan> trace, String name, String node) {
    List<CollectedSpan> found = all(trace, name);
    assertThat(found).as(name).hasSize(1);
    assertThat(found.getFirst().node()).as(name).isEqualTo(node);
    return found.getFirst();
  }

  private static List<CollectedSpan> all(List<CollectedSpan> trace, String name) {
    return trace.stream().filter(span -> span.name().equals(name)).toList();
  }

  private Settings settings(String... more) throws Exception {
    Map<String, String> all = new java.util.HashMap<>();
    all.put("PARLEY_PORT", "0");
    all.put("PARLEY_MANAGEMENT_PORT", "0");
    all.put("PARLEY_DRAIN_SECONDS", "0");
    all.put("PARLEY_RATE_MESSAGES_PER_MINUTE", "0");
    all.put("PARLEY_RATE_CONVERSATION_PER_SECOND", "0");
    all.put("PARLEY_RATE_REQUESTS_PER_SECOND", "0");
    all.put("PARLEY_DATA_DIR", folder.toString());
    for (int i = 0; i < more.length; i += 2) {
      all.put(more[i], more[i + 1]);
    }
    return Settings.from(all);
  }
}
