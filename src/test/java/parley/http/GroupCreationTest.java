package parley.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import parley.conversation.Conversation;
import parley.model.ConversationId;
import parley.model.ConversationType;
import parley.model.ConversationView;
import parley.model.Profile;
import parley.model.Refusal;
import parley.user.User;

/** Which entities a new group involves, in which order, and what their answers cause. */
class GroupCreationTest {
  private static final String NAMED =
      "{\"name\":\"Trip\",\"member_ids\":[],\"client_ref\":\"ref-1\"}";
  private static final String NAMELESS = "{\"name\":\"Trip\",\"member_ids\":[]}";
  private final HttpHarness httpHarness = new HttpHarness();

  @AfterEach
  void stop() {
    httpHarness.close();
  }

  private void user(User.GroupReply answer) {
    httpHarness.users =
        (id, command) -> {
          if (command instanceof User.BeginGroup begin) {
            begin.replyTo().tell(answer);
          } else if (command instanceof User.GetProfile get) {
            // Whether the user is banned; not what these tests count.
            httpHarness.told.remove(command);
            get.replyTo().tell(new User.Found(new Profile(id, "al", "Al", null)));
          }
        };
  }

  private void conversation(Conversation.ViewReply made, Conversation.ViewReply seen) {
    httpHarness.conversations =
        (id, command) -> {
          if (command instanceof Conversation.CreateGroup create) {
            create.replyTo().tell(made);
          } else if (command instanceof Conversation.GetView get) {
            get.replyTo().tell(seen);
          }
        };
  }

  private static Conversation.Viewed view(boolean existed) {
    return new Conversation.Viewed(
        new ConversationView(
            new ConversationId("g_1"), ConversationType.GROUP, "Trip", null, List.of(), 1, 1_000),
        existed);
  }

  private static Conversation.Refused notFound() {
    return new Conversation.Refused(Refusal.notFound());
  }

  private HttpResponse<String> create(String body) {
    httpHarness.told.clear();
    return httpHarness.alice("POST", "/v1/groups", body);
  }

  @Test
  void theUserGivesTheIdAndTheConversationSaysWhetherItIsNew() {
    user(new User.GroupBegun(new ConversationId("g_1")));
    conversation(view(false), notFound());
    assertThat(create(NAMED).statusCode()).isEqualTo(201);
    assertThat(httpHarness.told)
        .hasExactlyElementsOfTypes(User.BeginGroup.class, Conversation.CreateGroup.class);
    assertThat(httpHarness.givenBack).isEmpty();
    conversation(view(true), notFound());
    assertThat(create(NAMED).statusCode()).isEqualTo(200);
    assertThat(httpHarness.givenBack).hasSize(1);
    conversation(notFound(), notFound());
    HttpHarness.problem(create(NAMED), 404, "not_found");
    assertThat(httpHarness.givenBack).hasSize(1);
  }

  @Test
  void withoutANameAndAQuotaTheUserIsNotAsked() {
    user(new User.Refused(Refusal.rateLimited("too many new groups in a day", 86_399_001)));
    conversation(view(false), notFound());
    assertThat(create(NAMELESS).statusCode()).isEqualTo(201);
    assertThat(httpHarness.told).hasExactlyElementsOfTypes(Conversation.CreateGroup.class);
    httpHarness.groupsPerDay = 3;
    HttpResponse<String> refused = create(NAMELESS);
    HttpHarness.problem(refused, 429, "rate_limited");
    assertThat(refused.headers().firstValue("Retry-After")).hasValue("86400");
    assertThat(httpHarness.told).hasExactlyElementsOfTypes(User.BeginGroup.class);
    assertThat(((User.BeginGroup) httpHarness.told.getFirst()).perDay()).isEqualTo(3);
    assertThat(httpHarness.limited).containsExactly("groups_per_day");
  }

  @Test
  void overTheRateWhatThereIsIsShownAndNothingIsMade() {
    httpHarness.messageWait = 700;
    user(new User.GroupBegun(new ConversationId("g_1")));
    conversation(view(false), view(false));
    assertThat(create(NAMED).statusCode()).isEqualTo(200);
    assertThat(httpHarness.told)
        .hasExactlyElementsOfTypes(User.BeginGroup.class, Conversation.GetView.class);
    assertThat(((User.BeginGroup) httpHarness.told.getFirst()).retryAfterMillis()).isEqualTo(700);
    assertThat(httpHarness.givenBack).isEmpty();
    // The group was begun, and the call was interrupted before it was created.
    conversation(view(false), notFound());
    HttpHarness.problem(create(NAMED), 429, "rate_limited");
    user(new User.Refused(Refusal.rateLimited("too many messages", 700)));
    HttpHarness.problem(create(NAMED), 429, "rate_limited");
    HttpHarness.problem(create(NAMELESS), 429, "rate_limited");
    assertThat(httpHarness.told).isEmpty();
    assertThat(httpHarness.limited).containsExactly("messages", "messages", "messages");
  }

  @Test
  void aWrongNameIsRefusedByItsField() {
    assertThat(
            HttpHarness.problem(
                    create("{\"name\":\"T\",\"member_ids\":[],\"client_ref\":\"a/b\"}"),
                    400,
                    "bad_request")
                .path("field")
                .asText())
        .isEqualTo("client_ref");
    assertThat(httpHarness.told).isEmpty();
  }
}
