package parley.conversation;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.pekko.actor.typed.ActorRef;
import parley.model.Profile;
import parley.model.Refusal;
import parley.model.UserId;
import parley.user.User;

/**
 * Asks users whether they exist before they become members, without blocking the entity. At most
 * {@value #OPEN} questions are open at once. A question that is not answered within {@value
 * #MAX_WAIT_MILLIS} ms fails.
 */
final class UserCheck {
  static final int OPEN = 64;
  static final long MAX_WAIT_MILLIS = 5_000;

  /** Receives the result: all profiles, or a refusal. Called within the entity. */
  interface Outcome {
    void known(Map<UserId, Profile> profiles);

    void unknown(UserId user);

    void refused(Refusal refusal);
  }

  private record Question(
      Set<UserId> unanswered, Map<UserId, Profile> known, long deadline, Outcome outcome) {}

  private final ConversationDependencies.UserSender users;
  private final ActorRef<User.ProfileReply> replies;
  private final List<Question> questions = new ArrayList<>();

  UserCheck(ConversationDependencies.UserSender users, ActorRef<User.ProfileReply> replies) {
    this.users = users;
    this.replies = replies;
  }

  void ask(Collection<UserId> about, long now, Outcome outcome) {
    if (about.isEmpty()) {
      outcome.known(Map.of());
      return;
    }
    if (questions.size() >= OPEN) {
      outcome.refused(Refusal.unavailable("too many changes of members at once"));
      return;
    }
    questions.add(
        new Question(new HashSet<>(about), new HashMap<>(), now + MAX_WAIT_MILLIS, outcome));
    about.forEach(user -> users.tell(user, new User.GetProfile(replies)));
  }

  void answered(User.ProfileReply reply) {
    switch (reply) {
      case User.Found found -> known(found.profile());
      case User.NoSuchUser nobody -> unknown(nobody.userId());
      case User.Refused refused -> {
        // The answer does not name the user. So the question ends at its deadline.
      }
    }
  }

  private void known(Profile profile) {
    List<Question> done = new ArrayList<>();
    Iterator<Question> all = questions.iterator();
    while (all.hasNext()) {
      Question question = all.next();
      if (question.unanswered().remove(profile.userId())) {
        question.known().put(profile.userId(), profile);
        if (question.unanswered().isEmpty()) {
          all.remove();
          done.add(question);
        }
      }
    }
    done.forEach(question -> question.outcome().known(question.known()));
  }

  private void unknown(UserId user) {
    List<Question> failed = questions.stream().filter(q -> q.unanswered().contains(user)).toList();
    questions.removeAll(failed);
    failed.forEach(question -> question.outcome().unknown(user));
  }

  void tick(long now) {
    List<Question> late = questions.stream().filter(q -> now > q.deadline()).toList();
    questions.removeAll(late);
    late.forEach(
        question -> question.outcome().refused(Refusal.unavailable("a user did not answer")));
  }

  /** Refuses what waits, because the conversation stops. */
  void refuseAll(Refusal refusal) {
    List<Question> waiting = List.copyOf(questions);
    questions.clear();
    waiting.forEach(question -> question.outcome().refused(refusal));
  }

  boolean isIdle() {
    return questions.isEmpty();
  }
}
