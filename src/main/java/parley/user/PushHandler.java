package parley.user;

import org.apache.pekko.persistence.typed.javadsl.Effect;
import org.apache.pekko.persistence.typed.javadsl.EffectFactories;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import parley.model.DeviceId;
import parley.model.UserId;

/** The push tokens of a user, and what came of the pushes that were sent. */
final class PushHandler {
  private static final Logger LOG = LoggerFactory.getLogger(PushHandler.class);

  private final UserLive live;
  private final EffectFactories<UserEvent, UserState> effects;
  private final UserId id;
  private final UserLifecycle lifecycle;

  PushHandler(
      UserId id,
      UserLive live,
      EffectFactories<UserEvent, UserState> effects,
      UserLifecycle lifecycle) {
    this.id = id;
    this.live = live;
    this.effects = effects;
    this.lifecycle = lifecycle;
  }

  /**
   * Applies a change of push token ownership. It also changes which pushes are pending for devices.
   */
  Effect<UserEvent, UserState> persistStep(TokenClaims.Step step) {
    if (step.event() == null) {
      return run(step.then());
    }
    return effects
        .persist(step.event())
        .thenRun(
            after -> {
              live.devicesChanged(after, live.now());
              step.then().run();
            });
  }

  Effect<UserEvent, UserState> letterKept(UserState state, UserInternal.LetterKept c) {
    live.pushSender.letterKept(c, live.now());
    live.push(state, live.now());
    live.self.tell(new UserInternal.Flush());
    return effects.none();
  }

  Effect<UserEvent, UserState> pushSent(UserState state, UserInternal.PushSent c) {
    DeviceId gone = live.pushSender.sent(state, c, live.now());
    if (gone != null) {
      LOG.info("{}: removed the push token of {}, its provider reports it as invalid", id, gone);
      return persistStep(
          new TokenClaims.Step(new UserEvent.PushTokenSet(gone, null, null, 0), () -> {}));
    }
    live.push(state, live.now());
    live.self.tell(new UserInternal.Flush());
    return effects.none();
  }

  Effect<UserEvent, UserState> woken(UserState state) {
    if (!live.pushSender.release(state)) {
      live.push(state, live.now());
    }
    return effects.none();
  }

  Effect<UserEvent, UserState> reminded(UserState state, UserPush.Reminded c) {
    live.pushSender.reminded(c);
    live.push(state, live.now());
    return effects.none();
  }

  Effect<UserEvent, UserState> repeatPush(UserState state, UserPush.Again c) {
    Device device = state.devices().get(c.deviceId());
    long number = device == null ? 0 : device.number();
    PendingPush one = new PendingPush(c.conversationId(), number, c.seq(), live.now(), 0, 0, null);
    UserPush.Need need = live.pushSchedule.need(one, live.unsavedChanges.get(one.id()), device);
    if (need == UserPush.Need.WAITS
        && !c.dryRun()
        && !(live.pushSender.hasRoom() && live.pushSchedule.plan(one, live.now()))) {
      need = UserPush.Need.FULL;
    }
    if (need != UserPush.Need.WAITS || c.dryRun()) {
      return effects.reply(c.replyTo(), new UserPush.Answer(need));
    }
    return lifecycle
        .flush(state)
        .thenRun(
            after -> {
              UserPush.Answer waits = new UserPush.Answer(UserPush.Need.WAITS);
              live.pushSender.whenCrashSafe(after, () -> c.replyTo().tell(waits));
            });
  }

  private Effect<UserEvent, UserState> run(Runnable action) {
    action.run();
    return effects.none();
  }
}
