package parley.whole;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import parley.client.Frames;
import parley.client.JsonTrees;
import parley.client.ParleyClient;
import parley.client.ParleySocket;
import parley.client.RawSocket;
import parley.client.SocketOptions;
import parley.client.TestAccount;
import parley.model.Limits;

/** How connections begin, stay open and end. */
class SessionRulesIT {
  private final ParleyClient client = SharedServer.client();

  @Test
  void helloIsWelcomed() {
    TestAccount ann = SharedServer.user("ann");
    try (ParleySocket socket = client.open(SocketOptions.standard())) {
      JsonNode welcome = socket.hello(ann.accessToken(), "phone");
      assertThat(welcome.path("op").asText()).isEqualTo("welcome");
      assertThat(welcome.path("user_id").asText()).isEqualTo(ann.userId());
      assertThat(welcome.path("device_id").asText()).isEqualTo("phone");
      assertThat(welcome.path("session_id").asText()).isNotEmpty();
      assertThat(welcome.path("epoch").asText()).hasSizeBetween(1, 64);
      String time = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z";
      assertThat(welcome.path("server_time").asText()).matches(time);
      assertThat(welcome.path("expires_at").asText()).matches(time);
      assertThat(welcome.path("ping_interval_ms").asInt()).isEqualTo(30_000);
      assertThat(welcome.path("idle_timeout_ms").asInt()).isEqualTo(60_000);
      assertThat(welcome.path("max_frame_bytes").asInt()).isEqualTo(65_536);
      assertThat(welcome.path("window").asInt()).isEqualTo(256);
      assertThat(welcome.path("rate").has("messages_per_minute")).isTrue();
      assertThat(socket.await(Frames.op("synced")).path("backlog").asInt(-1)).isZero();
    }
  }

  @Test
  void nothingBeforeHelloAndNoSecondOne() {
    TestAccount ann = SharedServer.user("ann");
    try (ParleySocket socket = client.open(SocketOptions.standard())) {
      JsonNode early = socket.request(JsonTrees.obj("op", "ping"));
      assertThat(early.path("code").asText()).isEqualTo("hello_required");
      assertThat(socket.hello(ann.accessToken(), "phone").path("op").asText()).isEqualTo("welcome");
      JsonNode second = socket.hello(ann.accessToken(), "phone");
      assertThat(second.path("code").asText()).isEqualTo("bad_frame");
      assertThat(socket.ping().path("op").asText()).isEqualTo("pong");
    }
  }

  @Test
  void aBadTokenIsToldAndClosed() {
    try (ParleySocket socket = client.open(SocketOptions.standard())) {
      JsonNode answer = socket.hello("no.such.token", "phone");
      assertThat(answer.path("op").asText()).isEqualTo("error");
      assertThat(answer.path("code").asText()).isEqualTo("unauthenticated");
      assertThat(socket.await(Frames.op("closing")).path("code").asText())
          .isEqualTo("unauthenticated");
      socket.awaitClosed();
    }
  }

  @Test
  void silenceInsteadOfHelloIsClosed() {
    try (ParleySocket socket = client.open(SocketOptions.standard())) {
      JsonNode closing = socket.await(Frames.op("closing"));
      assertThat(closing.path("code").asText()).isEqualTo("no_hello");
      assertThat(closing.path("reconnect").asBoolean(true)).isFalse();
      socket.awaitClosed();
    }
  }

  @Test
  void subprotocols() {
    try (RawSocket ours = RawSocket.open(client.base())) {
      assertThat(ours.upgraded()).isTrue();
      assertThat(ours.handshake().toLowerCase(java.util.Locale.ROOT))
          .contains("sec-websocket-protocol: parley.v1");
    }
    try (RawSocket none = RawSocket.open(client.base(), null, 0)) {
      assertThat(none.upgraded()).isTrue();
    }
    try (RawSocket unknown = RawSocket.open(client.base(), "chat.v9", 0)) {
      assertThat(unknown.upgraded()).isFalse();
    }
  }

  @Test
  void authRenews() {
    TestAccount ann = SharedServer.user("ann");
    TestAccount ben = SharedServer.user("ben");
    try (ParleySocket socket = client.connectSynced(ann, "phone")) {
      TestAccount renewed = client.refresh(ann);
      assertThat(ok(socket, renewed.accessToken())).isEqualTo("ok");
      assertThat(ok(socket, "bad")).isEqualTo("unauthenticated");
      assertThat(ok(socket, ben.accessToken())).isNotEqualTo("ok");
      assertThat(socket.closedBecause()).isNull();
    }
  }

  private static String ok(ParleySocket socket, String token) {
    JsonNode answer = socket.request(JsonTrees.obj("op", "auth", "token", token));
    return answer.path("op").asText().equals("ok") ? "ok" : answer.path("code").asText();
  }

  @Test
  void theSameDeviceReplacesItself() {
    TestAccount ann = SharedServer.user("ann");
    try (ParleySocket first = client.connectSynced(ann, "phone");
        ParleySocket other = client.connectSynced(ann, "laptop");
        ParleySocket second = client.connectSynced(ann, "phone")) {
      JsonNode closing = first.await(Frames.op("closing"));
      assertThat(closing.path("code").asText()).isEqualTo("replaced");
      assertThat(closing.path("reconnect").asBoolean(true)).isFalse();
      first.awaitClosed();
      assertThat(second.ping().path("op").asText()).isEqualTo("pong");
      assertThat(other.ping().path("op").asText()).isEqualTo("pong");
    }
  }

  @Test
  void aRemovedDeviceIsClosed() {
    TestAccount ann = SharedServer.user("ann");
    try (ParleySocket phone = client.connectSynced(ann, "phone")) {
      client.call("DELETE", "/v1/users/me/devices/phone", ann.accessToken(), null).expect(204);
      JsonNode closing = phone.await(Frames.op("closing"));
      assertThat(closing.path("code").asText()).isEqualTo("removed");
      phone.awaitClosed();
    }
  }

  @Test
  void oneDeviceTooManyIsToldAndStaysAway() {
    TestAccount ann = SharedServer.user("ann");
    List<ParleySocket> devices = new ArrayList<>();
    try {
      for (int i = 0; i < Limits.DEVICES; i++) {
        devices.add(client.connectSynced(ann, "device-" + i));
      }
      try (ParleySocket more = client.open(SocketOptions.standard())) {
        JsonNode answer = more.hello(ann.accessToken(), "one-more");
        assertThat(answer.path("code").asText()).isEqualTo("forbidden");
        assertThat(answer.path("message").asText()).contains("device_id");
        JsonNode closing = more.await(Frames.op("closing"));
        assertThat(closing.path("code").asText()).isEqualTo("removed");
        assertThat(closing.path("reconnect").asBoolean(true)).isFalse();
        more.awaitClosed();
      }
    } finally {
      devices.forEach(ParleySocket::close);
    }
  }

  @Test
  void unacknowledgedEntriesAreReplayedAndFreshStartsAtTheHead() {
    TestAccount ann = SharedServer.user("ann");
    TestAccount ben = SharedServer.user("ben");
    try (ParleySocket a = client.connectSynced(ann, "phone")) {
      client.connectSynced(ben, "phone").close();
      String id = client.direct(ann, ben.userId());
      for (int i = 1; i <= 5; i++) {
        a.text(id, "number " + i);
      }
      try (ParleySocket b =
          client.connect(ben, "phone", SocketOptions.standard().withAutoAck(false))) {
        assertThat(b.await(Frames.op("synced")).path("backlog").asInt()).isEqualTo(5);
        b.ack(id, 2);
        b.ping();
      }
      try (ParleySocket b =
          client.connect(ben, "phone", SocketOptions.standard().withAutoAck(false))) {
        assertThat(b.await(Frames.op("synced")).path("backlog").asInt()).isEqualTo(3);
        assertThat(b.frames(Frames.op("message")))
            .extracting(frame -> frame.path("seq").asInt())
            .containsExactly(3, 4, 5);
      }
      try (ParleySocket b = client.open(SocketOptions.standard())) {
        b.hello(ben.accessToken(), "phone", true);
        assertThat(b.await(Frames.op("synced")).path("backlog").asInt(-1)).isZero();
        long seq = a.text(id, "live").path("seq").asLong();
        b.await(Frames.message(id, seq));
        assertThat(b.frames(Frames.op("message"))).hasSize(1);
      }
    }
  }
}
