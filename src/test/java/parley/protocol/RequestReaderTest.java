package parley.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import parley.model.EntryIntent;
import parley.model.ErrorCode;
import parley.model.Presence;
import parley.model.Role;
import parley.model.UserId;

class RequestReaderTest {

  /** In this table apostrophes stand for quotes. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          POST /v1/auth/register | {'password':'12345678'}                                  | username
          POST /v1/auth/register | {'username':'Bob','password':'12345678'}                 | username
          POST /v1/auth/register | {'username':'bo','password':'12345678'}                  | username
          POST /v1/auth/register | {'username':5,'password':'12345678'}                     | username
          POST /v1/auth/register | {'username':'bob'}                                       | password
          POST /v1/auth/register | {'username':'bob','password':'1234567'}                  | password
          POST /v1/auth/register | {'username':'bob','password':'12345678','display_name':''} | display_name
          POST /v1/auth/register | {'username':'bob','password':'12345678','display_name':'\\ud800'} | display_name
          POST /v1/auth/login    | {'username':'bob'}                                       | password
          POST /v1/auth/login    | {'username':'bob','password':12345678}                   | password
          POST /v1/auth/refresh  | {'refresh_token':1}                                      | refresh_token
          PATCH /v1/users/me     | {'avatar_url':'javascript:alert(1)'}                     | avatar_url
          PATCH /v1/users/me     | {'avatar_url':'https:///nowhere'}                        | avatar_url
          PATCH /v1/users/me     | {'avatar_url':'https://x.test/a b'}                      | avatar_url
          PUT /v1/users/me/presence | {'status':'busy'}                                     | status
          PUT /v1/users/me/presence | {}                                                    | status
          POST /v1/conversations | {'type':'group','user_id':'u'}                           | type
          POST /v1/conversations | {'user_id':'u'}                                          | type
          POST /v1/conversations | {'type':'direct'}                                        | user_id
          POST /v1/groups        | {'name':'T'}                                             | member_ids
          POST /v1/groups        | {'name':'T','member_ids':[],'client_ref':''}             | client_ref
          POST /v1/groups        | {'name':'T','member_ids':[],'client_ref':'a b'}          | client_ref
          POST /v1/groups        | {'name':'T','member_ids':[],'client_ref':7}              | client_ref
          POST /v1/groups        | {'member_ids':[]}                                        | name
          PATCH /v1/groups/{conversation_id} | {'name':''}                                  | name
          POST /v1/groups/{conversation_id}/members | {'user_ids':[]}                       | user_ids
          PUT /v1/groups/{conversation_id}/members/{user_id} | {'role':'owner'}             | role
          POST /v1/messages      | {'client_msg_id':'m','type':'text','content':'x'}         | conversation_id
          POST /v1/messages      | {'to':'u','client_msg_id':'m','type':'media'}            | type
          POST /v1/conversations/{conversation_id}/read | {'seq':0}                         | seq
          PATCH /v1/conversations/{conversation_id} | {'muted':1}                           | muted
          PUT /v1/users/me/devices/{device_id}/push_token | {'platform':'wns','token':'t'}  | platform
          PUT /v1/users/me/devices/{device_id}/push_token | {'platform':'fcm','token':'a b'} | token
          """)
  void aWrongFieldIsNamed(String call, String body, String field) {
    RequestReader.Result<?> result = sample(call).read(body.replace('\'', '"'));

    assertThat(result).isInstanceOf(RequestReader.Bad.class);
    RequestReader.Bad<?> bad = (RequestReader.Bad<?>) result;
    assertThat(bad.field()).isEqualTo(field);
    assertThat(bad.code()).isEqualTo(ErrorCode.BAD_REQUEST);
    assertThat(bad.refusal().message()).startsWith(field).contains("must be");
  }

  private static RequestSamples.Sample sample(String call) {
    RequestSamples.Sample sample = RequestSamples.all().get(call);
    if (sample == null) {
      throw new AssertionError("no sample of " + call);
    }
    return sample;
  }

  @Test
  void registerTakesTheNameWhereNoOtherIsGiven() {
    assertThat(
            RequestReader.register(
                bytes(
                    """
                    {"username":"bob","password":"12345678"}""")))
        .isEqualTo(new RequestReader.Good<>(new Request.Register("bob", "12345678", "bob")));
    assertThat(RequestReader.register(bytes(password("👋".repeat(128)))))
        .isInstanceOf(RequestReader.Good.class);
    assertThat(RequestReader.register(bytes(password("👋".repeat(129)))))
        .isInstanceOf(RequestReader.Bad.class);
  }

  private static String password(String password) {
    return "{\"username\":\"bob\",\"password\":\"" + password + "\"}";
  }

  @Test
  void anImpossiblePasswordIsAWrongPasswordAtLogin() {
    assertThat(
            RequestReader.login(
                bytes(
                    """
                    {"username":"No such Name","password":"x"}""")))
        .isEqualTo(new RequestReader.Good<>(new Request.Login("No such Name", "x")));
    assertThat(RequestReader.login(bytes(password("x".repeat(129)))))
        .isInstanceOf(RequestReader.Bad.class);
  }

  @Test
  void anAvatarIsTakenAwayByNullOrNothingAndLeftByAbsence() {
    assertThat(RequestReader.patchMe(bytes("{\"avatar_url\":null}")))
        .isEqualTo(new RequestReader.Good<>(new Request.PatchMe(null, "")));
    assertThat(RequestReader.patchGroup(bytes("{\"avatar_url\":\"\"}")))
        .isEqualTo(new RequestReader.Good<>(new Request.PatchGroup(null, "")));
    assertThat(RequestReader.patchMe(bytes("{}")))
        .isEqualTo(new RequestReader.Good<>(new Request.PatchMe(null, null)));
    assertThat(RequestReader.createGroup(bytes("{\"name\":\"T\",\"member_ids\":[\"a\",\"a\"]}")))
        .isEqualTo(
            new RequestReader.Good<>(
                new Request.CreateGroup("T", List.of(new UserId("a")), null, null)));
  }

  @Test
  void theOthersSayWhatTheBodySays() {
    assertThat(sample("PUT /v1/users/me/presence").read("{\"status\":\"away\"}"))
        .isEqualTo(new RequestReader.Good<>(new Request.SetPresence(Presence.Status.AWAY)));
    assertThat(RequestReader.setRole(bytes("{\"role\":\"member\"}")))
        .isEqualTo(new RequestReader.Good<>(new Request.SetRole(Role.MEMBER)));
    assertThat(RequestReader.pushToken(bytes("{\"platform\":\"fcm\",\"token\":\"t\"}")))
        .isEqualTo(new RequestReader.Good<>(new Request.PushToken(Request.Platform.FCM, "t")));
    assertThat(RequestReader.patchConversation(bytes("{\"muted\":true,\"archived\":false}")))
        .isEqualTo(new RequestReader.Good<>(new Request.PatchConversation(true, null, false)));
    assertThat(RequestReader.refresh(new byte[0]))
        .isEqualTo(new RequestReader.Good<>(new Request.Refresh(null)));
    assertThat(
            RequestReader.postMessage(
                bytes(
                    """
                    {"op":"nonsense","id":"x","to":"u_bob","client_msg_id":"m","type":"text",
                     "content":"hi"}""")))
        .isEqualTo(
            new RequestReader.Good<>(
                new ClientFrame.Post(
                    null,
                    null,
                    FrameSamples.BOB,
                    "m",
                    new EntryIntent.Text("hi", null, List.of()))));
  }

  @Test
  void aQueryIsReadByTheRulesOfTheFrame() {
    assertThat(RequestReader.history(FrameSamples.GROUP, Map.of("after", "0", "limit", "100")))
        .isEqualTo(
            new RequestReader.Good<>(
                new ClientFrame.History(null, FrameSamples.GROUP, null, 0L, 100)));
    assertThat(RequestReader.inbox(Map.of("cursor", "12345")))
        .isEqualTo(new RequestReader.Good<>(new ClientFrame.Inbox(null, 20, "12345")));
    for (String limit : List.of("0", "101", "-1", "5.0", "1e1", "", "x", "99999999999999999999")) {
      assertBad(RequestReader.inbox(Map.of("limit", limit)), "limit");
    }
    assertBad(
        RequestReader.history(FrameSamples.GROUP, Map.of("before", "5", "after", "1")), "before");
    assertBad(RequestReader.history(FrameSamples.GROUP, Map.of("before", "0")), "before");
  }

  private static void assertBad(RequestReader.Result<?> result, String field) {
    assertThat(result)
        .isInstanceOfSatisfying(
            RequestReader.Bad.class,
            bad -> {
              assertThat(bad.field()).isEqualTo(field);
              assertThat(bad.code()).isEqualTo(ErrorCode.BAD_REQUEST);
            });
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "null", "[]", "{", "{}x", "\ufeff{}", "x=1&y=2"})
  void whatIsNotOneJsonObjectIsNamedBody(String body) {
    assertBad(RequestReader.markRead(bytes(body)), "body");
  }

  @Test
  void aBodyThatIsNotUtf8IsNamedBody() {
    assertBad(
        RequestReader.markRead(new byte[] {'{', '"', (byte) 0xff, '"', ':', '1', '}'}), "body");
    assertBad(RequestReader.markRead("{\"seq\":1}".getBytes(StandardCharsets.UTF_16)), "body");
  }

  @Test
  void theLargestBodyIs64KiB() {
    String body = "{\"seq\":1}";
    byte[] most = bytes(body + " ".repeat(65_536 - body.length()));
    assertThat(RequestReader.markRead(most)).isInstanceOf(RequestReader.Good.class);
    assertThat(RequestReader.markRead(bytes(new String(most, StandardCharsets.UTF_8) + " ")))
        .isInstanceOfSatisfying(
            RequestReader.Bad.class, bad -> assertThat(bad.code()).isEqualTo(ErrorCode.TOO_LARGE));
  }

  @Test
  void secretsAreNotInTheText() {
    for (Object request :
        List.of(
            new Request.Register("bob", "s3cret", "Bob"),
            new Request.Login("bob", "s3cret"),
            new Request.Refresh("s3cret"),
            new Request.PushToken(Request.Platform.APNS, "s3cret"))) {
      assertThat(request.toString()).doesNotContain("s3cret");
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
