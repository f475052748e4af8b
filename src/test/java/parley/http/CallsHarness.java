package parley.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import parley.conversation.Conversation;
import parley.model.ConversationId;
import parley.model.ConversationType;
import parley.model.ConversationView;
import parley.model.DeviceId;
import parley.model.DeviceView;
import parley.model.Entry;
import parley.model.EntryBody;
import parley.model.HistoryPage;
import parley.model.InboxPage;
import parley.model.LastMessage;
import parley.model.Profile;
import parley.model.Refusal;
import parley.model.Role;
import parley.model.UserId;
import parley.user.User;

/** Calls of one user to entities that answer at once. */
abstract class CallsHarness {
  static final UserId ALICE = new UserId("alice");
  static final UserId BOB = new UserId("bob");
  static final ConversationId C1 = new ConversationId("c1");
  static final long AT = 1_769_854_530_123L;
  static final ConversationView VIEW =
      new ConversationView(
          C1,
          ConversationType.GROUP,
          "Trip",
          null,
          List.of(new ConversationView.MemberView(ALICE, Role.ADMIN, AT, 3, 2)),
          3,
          AT);

  static HttpHarness httpHarness;

  @BeforeAll
  static void start() {
    httpHarness = new HttpHarness();
  }

  @AfterAll
  static void stop() {
    httpHarness.close();
  }

  @BeforeEach
  void reset() {
    httpHarness.told.clear();
    httpHarness.problems.clear();
    httpHarness.limited.clear();
    httpHarness.givenBack.clear();
    httpHarness.messageWait = 0;
    httpHarness.users =
        (id, command) -> {
          Profile profile = new Profile(id, "al", "Al", null);
          switch (command) {
            case User.Ensure c -> c.replyTo().tell(new User.Found(profile));
            case User.GetProfile c -> c.replyTo().tell(new User.Found(profile));
            case User.ChangeProfile c -> c.replyTo().tell(new User.Found(profile));
            case User.SetStatus c -> c.replyTo().tell(new User.Done());
            case User.SetPushToken c -> c.replyTo().tell(new User.Done());
            case User.RemoveDevice c -> c.replyTo().tell(new User.Done());
            case User.SetRowFlags c -> c.replyTo().tell(new User.Done());
            case User.GetDevices c ->
                c.replyTo()
                    .tell(
                        new User.Devices(
                            List.of(new DeviceView(new DeviceId("d1"), "web", true, AT))));
            case User.GetInbox c ->
                c.replyTo().tell(new User.Inbox(new InboxPage(List.of(row()), "next")));
            default -> throw new AssertionError(command);
          }
        };
    httpHarness.conversations =
        (id, command) -> {
          switch (command) {
            case Conversation.OpenDirect c -> c.replyTo().tell(new Conversation.Viewed(VIEW));
            case Conversation.CreateGroup c -> c.replyTo().tell(new Conversation.Viewed(VIEW));
            case Conversation.ChangeGroup c -> c.replyTo().tell(new Conversation.Viewed(VIEW));
            case Conversation.AddMembers c -> c.replyTo().tell(new Conversation.Viewed(VIEW));
            case Conversation.SetRole c -> c.replyTo().tell(new Conversation.Viewed(VIEW));
            case Conversation.GetView c -> c.replyTo().tell(new Conversation.Viewed(VIEW));
            case Conversation.RemoveMember c ->
                c.replyTo()
                    .tell(
                        c.actor().equals(c.userId())
                            ? new Conversation.Removed()
                            : new Conversation.Viewed(VIEW));
            case Conversation.GetPage c -> c.replyTo().tell(new Conversation.Page(page()));
            case Conversation.Read c -> {
              if (c.replyTo() != null) {
                c.replyTo().tell(new Conversation.ReadDone());
              }
            }
            case Conversation.Post c ->
                c.replyTo()
                    .tell(
                        c.retryAfterMillis() > 0
                            ? new Conversation.PostRefused(
                                c.clientMsgId(), Refusal.rateLimited("slow", c.retryAfterMillis()))
                            : new Conversation.Posted(
                                id, c.clientMsgId(), "m1", 7, AT, c.clientMsgId().equals("again")));
            default -> throw new AssertionError(command);
          }
        };
  }

  static parley.model.InboxRow row() {
    return new parley.model.InboxRow(
        C1,
        ConversationType.GROUP,
        "Trip",
        null,
        3,
        new LastMessage(3, BOB, "text", "hi", AT),
        1,
        2,
        3,
        1,
        false,
        true,
        false,
        false);
  }

  static HistoryPage page() {
    return new HistoryPage(
        C1,
        List.of(
            new Entry(1, "m1", ALICE, AT, "mine", new EntryBody.Text("hi", null, null, false)),
            new Entry(2, "m2", BOB, AT, "theirs", new EntryBody.Text("ho", null, null, false))),
        true,
        HistoryPage.Tier.MEMORY);
  }

  static JsonNode ok(HttpResponse<String> response, int status) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    assertThat(response.headers().firstValue("Content-Type")).hasValue("application/json");
    assertThat(response.headers().firstValue("Cache-Control")).hasValue("no-store");
    assertThat(response.headers().firstValue("X-Content-Type-Options")).hasValue("nosniff");
    return HttpHarness.json(response);
  }

  static void done(HttpResponse<String> response) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(204);
    assertThat(response.body()).isEmpty();
  }

  /** The only command that an entity was told, besides the question whether the user is banned. */
  static <T> T told(Class<T> type) {
    List<Object> told =
        httpHarness.told.stream().filter(one -> !(one instanceof User.GetProfile)).toList();
    assertThat(told).hasSize(1);
    return type.cast(told.getFirst());
  }

  void refuseAll(Refusal refusal) {
    httpHarness.conversations =
        (id, command) -> {
          if (command instanceof Conversation.Post post) {
            post.replyTo().tell(new Conversation.PostRefused(post.clientMsgId(), refusal));
          }
        };
  }
}
