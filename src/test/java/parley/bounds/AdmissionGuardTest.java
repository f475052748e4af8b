package parley.bounds;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.actor.testkit.typed.javadsl.BehaviorTestKit;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.StashBuffer;
import org.junit.jupiter.api.Test;

class AdmissionGuardTest {
  private final List<String> refused = new ArrayList<>();
  private final AdmissionGuard<String> guard =
      new AdmissionGuard<>(String.class, 3, s -> s.startsWith("own"), refused::add, "a writer");

  /** Stashes until told to write; then handles what it stashed. */
  private Behavior<String> writer(List<String> handled) {
    return Behaviors.withStash(
        100,
        (StashBuffer<String> stash) ->
            Behaviors.receiveMessage(
                message -> {
                  if (!message.equals("own written")) {
                    stash.stash(message);
                    return Behaviors.same();
                  }
                  guard.handled(message);
                  stash.forEach(
                      stashed -> {
                        guard.handled(stashed);
                        handled.add(stashed);
                      });
                  stash.clear();
                  return Behaviors.same();
                }));
  }

  @Test
  void refusesBeyondTheBoundUntilSomethingIsHandled() {
    List<String> handled = new ArrayList<>();
    BehaviorTestKit<String> kit = BehaviorTestKit.create(guard.guard(writer(handled)));
    for (String message : List.of("1", "2", "3", "4", "own timer", "5")) {
      kit.run(message);
    }
    assertThat(refused).containsExactly("4", "5");
    assertThat(guard.waiting()).isEqualTo(4);
    kit.run("own written");
    assertThat(handled).containsExactly("1", "2", "3", "own timer");
    assertThat(guard.waiting()).isZero();
    kit.run("6");
    assertThat(refused).hasSize(2);
  }

  @Test
  void tellsThoseWhoWaitWhenItEnds() {
    List<String> handled = new ArrayList<>();
    BehaviorTestKit<String> kit = BehaviorTestKit.create(guard.guard(writer(handled)));
    kit.run("1");
    kit.run("own written");
    kit.run("2");
    kit.run("own timer");
    kit.run("3");
    kit.signal(PostStop.instance());
    assertThat(handled).containsExactly("1");
    assertThat(refused).containsExactlyInAnyOrder("2", "3");
    assertThat(guard.waiting()).isZero();
  }
}
