package parley.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import parley.conversation.Conversation;
import parley.model.Profile;
import parley.port.PortSettings;
import parley.user.User;

/**
 * A message that gets lost on its way to its conversation, as sharding loses some while a
 * conversation moves to another node, is sent once more.
 */
final class LostMessageTest {
  /** All posts that reached the conversation, those that it is to lose too. */
  private final List<Conversation.Post> arrived = new CopyOnWriteArrayList<>();

  /**
   * A port that repeats soon.
   *
   * @param isLost which posts get no answer; asked when the post is among those that have arrived
   */
  private HttpHarness port(Duration postWithin, Predicate<Conversation.Post> isLost) {
    HttpHarness port =
        new HttpHarness(
            new HttpSettings(
                () -> 0,
                Duration.ofSeconds(30),
                postWithin,
                Duration.ofMillis(50),
                Duration.ofSeconds(30),
                TrustedProxies.NONE,
                PortSettings.standard(0, 0, address -> true)));
    port.users =
        (id, command) -> {
          if (command instanceof User.GetProfile get) {
            get.replyTo().tell(new User.Found(new Profile(id, "al", "Al", null)));
          }
        };
    port.conversations =
        (id, command) -> {
          if (command instanceof Conversation.Post post) {
            arrived.add(post);
            if (!isLost.test(post)) {
              post.replyTo()
                  .tell(
                      new Conversation.Posted(
                          id, post.clientMsgId(), "01M", 7, CallsHarness.AT, false));
            }
          }
        };
    return port;
  }

  private static HttpResponse<String> post(HttpHarness port, String id) {
    return port.alice(
        "POST",
        "/v1/messages",
        """
        {"conversation_id":"c1","client_msg_id":"%s","type":"text","content":"hi"}"""
            .formatted(id));
  }

  private List<Conversation.Post> arrived(String id) {
    return arrived.stream().filter(post -> post.clientMsgId().equals(id)).toList();
  }

  @Test
  void itIsRepeatedAndOthersAreNot() {
    try (HttpHarness port =
        port(
            Duration.ofSeconds(30),
            post -> post.clientMsgId().equals("lost") && arrived("lost").size() == 1)) {
      assertThat(post(port, "answered").statusCode()).isEqualTo(201);
      assertThat(post(port, "lost").statusCode()).isEqualTo(201);
    }
    assertThat(arrived("lost")).hasSize(2);
    assertThat(arrived("lost").getFirst()).isEqualTo(arrived("lost").getLast());
    // A repetition of the earlier message would have come before that of the later one.
    assertThat(arrived("answered")).hasSize(1);
  }

  @Test
  void whatIsLostTwiceIsUnavailable() {
    try (HttpHarness port = port(Duration.ofMillis(500), post -> true)) {
      HttpResponse<String> answer = post(port, "lost");
      HttpHarness.problem(answer, 503, "unavailable");
      assertThat(answer.headers().firstValue("Retry-After")).hasValue("1");
    }
    assertThat(arrived("lost")).as("repeated once").hasSize(2);
  }
}
