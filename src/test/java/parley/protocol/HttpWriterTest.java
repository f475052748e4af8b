package parley.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.protocol.FrameSamples.ALICE;
import static parley.protocol.FrameSamples.BOB;
import static parley.protocol.FrameSamples.GROUP;
import static parley.protocol.FrameSamples.LATER;
import static parley.protocol.FrameSamples.NOW;
import static parley.protocol.FrameSamples.PHONE;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import parley.model.ConversationType;
import parley.model.ConversationView;
import parley.model.DeviceView;
import parley.model.ErrorCode;
import parley.model.InboxPage;
import parley.model.Profile;
import parley.model.Role;

class HttpWriterTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Profile PROFILE = new Profile(BOB, "bob", "Bob", null);

  @Test
  void login() throws JsonProcessingException {
    String json = HttpWriter.login(ALICE, "a.b.c", "r1");
    check("POST", "/v1/auth/register", 201, json);
    check("POST", "/v1/auth/login", 200, json);
    check("POST", "/v1/auth/refresh", 200, json);
    assertThat(json)
        .isEqualTo(
            """
            {"user_id":"u_alice","access_token":"a.b.c","token_type":"Bearer","expires_in":900,\
            "refresh_token":"r1"}""");
  }

  @Test
  void profileAndUsers() throws JsonProcessingException {
    String json = HttpWriter.profile(PROFILE);
    check("GET", "/v1/users/me", 200, json);
    check("PATCH", "/v1/users/me", 200, json);
    assertThat(json)
        .isEqualTo(
            """
            {"user_id":"u_bob","username":"bob","display_name":"Bob","avatar_url":null}""");
    check("GET", "/v1/users", 200, HttpWriter.users(List.of()));
    check("GET", "/v1/users", 200, HttpWriter.users(List.of(PROFILE)));
  }

  @Test
  void devices() throws JsonProcessingException {
    String json =
        HttpWriter.devices(
            List.of(new DeviceView(PHONE, "web", true, NOW), new DeviceView(PHONE, "", false, 0)));
    check("GET", "/v1/users/me/devices", 200, json);
    assertThat(json)
        .isEqualTo(
            """
            {"devices":[{"device_id":"phone-1","client":"web","online":true,\
            "last_seen":"2026-01-31T10:15:30.123Z"},{"device_id":"phone-1","client":"",\
            "online":false,"last_seen":null}]}""");
  }

  @Test
  void conversation() throws JsonProcessingException {
    String json =
        HttpWriter.conversation(
            new ConversationView(
                GROUP,
                ConversationType.GROUP,
                "Team",
                "https://x.test/t.png",
                List.of(new ConversationView.MemberView(ALICE, Role.ADMIN, NOW, 9, 2)),
                15,
                LATER));
    check("GET", "/v1/conversations/{conversation_id}", 200, json);
    check("POST", "/v1/groups", 201, json);
    assertThat(json)
        .isEqualTo(
            """
            {"conversation_id":"g_1","type":"group","name":"Team",\
            "avatar_url":"https://x.test/t.png","members":[{"user_id":"u_alice","role":"admin",\
            "joined_at":"2026-01-31T10:15:30.123Z","delivered_seq":9,"read_seq":2}],"last_seq":15,\
            "created_at":"2026-01-31T10:15:31.000Z"}""");
  }

  @Test
  void pagesAreThoseOfTheSocket() throws JsonProcessingException {
    InboxPage inbox = new InboxPage(List.of(FrameSamples.row(), FrameSamples.emptyRow()), "c_2");
    String inboxJson = HttpWriter.inbox(inbox);
    check("GET", "/v1/conversations", 200, inboxJson);
    assertThat(FrameWriter.write(new ServerFrame.Inbox(null, inbox)))
        .isEqualTo("{\"op\":\"inbox\"," + inboxJson.substring(1));

    String history = HttpWriter.history(FrameSamples.historyPage(), BOB);
    check("GET", "/v1/conversations/{conversation_id}/messages", 200, history);
    assertThat(FrameWriter.write(new ServerFrame.History(null, FrameSamples.historyPage(), BOB)))
        .isEqualTo("{\"op\":\"history\",\"conversation_id\":\"g_1\"," + history.substring(1));
    assertThat(history).contains("\"client_msg_id\":\"m-2\"").doesNotContain("m-1", "m-8");
  }

  @Test
  void sentIsTheFrameWithoutAnId() throws JsonProcessingException {
    String json = HttpWriter.sent(FrameSamples.sent(5L, false));
    check("POST", "/v1/messages", 201, json);
    check("POST", "/v1/messages", 200, HttpWriter.sent(FrameSamples.sent(null, true)));
    assertThat(json).isEqualTo(FrameWriter.write(FrameSamples.sent(null, false)));
  }

  @Test
  void problems() throws JsonProcessingException {
    String json = HttpWriter.problem(ErrorCode.BAD_REQUEST, "seq is missing", "seq");
    assertThat(json)
        .isEqualTo(
            """
            {"type":"urn:parley:error:bad_request","title":"A field is missing or wrong",\
            "status":400,"detail":"seq is missing","code":"bad_request","field":"seq"}""");
    check("POST", "/v1/messages", 400, json);
    Map<Integer, ErrorCode> others =
        Map.of(
            401, ErrorCode.UNAUTHENTICATED,
            403, ErrorCode.FORBIDDEN,
            404, ErrorCode.NOT_FOUND,
            413, ErrorCode.TOO_LARGE,
            415, ErrorCode.UNSUPPORTED_MEDIA_TYPE,
            422, ErrorCode.REJECTED_BY_MODERATION,
            429, ErrorCode.RATE_LIMITED,
            500, ErrorCode.INTERNAL,
            503, ErrorCode.UNAVAILABLE);
    for (Map.Entry<Integer, ErrorCode> other : others.entrySet()) {
      check(
          "POST",
          "/v1/messages",
          other.getKey(),
          HttpWriter.problem(other.getValue(), "why", null));
    }
  }

  private static void check(String method, String path, int status, String json)
      throws JsonProcessingException {
    JsonNode body = MAPPER.readTree(json);
    ContractSchemas.assertResponse(method, path, status, body);
  }
}
