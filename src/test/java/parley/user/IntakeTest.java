package parley.user;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.user.Fixtures.CHAT;
import static parley.user.Fixtures.GROUP;

import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import parley.model.Entry;
import parley.model.LastMessage;
import parley.user.Fixtures.Mail;

class IntakeTest {
  private static Intake look(@Nullable Held held, Mail mail) {
    return Intake.of(held, mail.deliver(), Set.of(1L, 2L), DeviceCursors.NONE, false);
  }

  private static Intake.Taken take(@Nullable Held held, Mail mail) {
    Intake intake = look(held, mail);
    assertThat(intake).isInstanceOf(Intake.Taken.class);
    return (Intake.Taken) intake;
  }

  @Test
  void theFirstEntriesMakeARowInWhichEveryDeviceLags() {
    Intake.Taken taken = take(null, Mail.of(CHAT, 1, 3));
    assertThat(taken.created()).isTrue();
    assertThat(taken.entries()).extracting(Entry::seq).containsExactly(1L, 2L, 3L);
    assertThat(taken.held().lastSeq()).isEqualTo(3);
    assertThat(taken.held().cursors().acked(1, 3)).isZero();
    assertThat(taken.held().cursors().acked(2, 3)).isZero();
  }

  @Test
  void aRepeatedDeliveryIsKnown() {
    Held held = take(null, Mail.of(CHAT, 1, 3)).held();
    assertThat(look(held, Mail.of(CHAT, 1, 3))).isEqualTo(new Intake.Known());
    assertThat(look(held, Mail.of(CHAT, 2, 2))).isEqualTo(new Intake.Known());
  }

  @Test
  void anOverlapGivesOnlyWhatIsNew() {
    Held held = take(null, Mail.of(CHAT, 1, 3)).held();
    Intake.Taken taken = take(held, Mail.of(CHAT, 2, 5));
    assertThat(taken.entries()).extracting(Entry::seq).containsExactly(4L, 5L);
    assertThat(taken.created()).isFalse();
  }

  @Test
  void aHoleChangesNothing() {
    Held held = take(null, Mail.of(CHAT, 1, 3)).held();
    assertThat(look(held, Mail.of(CHAT, 5, 6).name("New"))).isEqualTo(new Intake.Missing(3));
    assertThat(look(null, Mail.of(CHAT, 2, 6))).isEqualTo(new Intake.Missing(0));
  }

  @Test
  void aConversationOnceForgottenGoesOnWithAnAnnouncedGap() {
    Intake intake =
        Intake.of(null, Mail.of(CHAT, 7, 8).deliver(), Set.of(1L), DeviceCursors.NONE, true);
    assertThat(intake)
        .asInstanceOf(InstanceOfAssertFactories.type(Intake.Taken.class))
        .satisfies(
            taken -> {
              assertThat(taken.gap()).isEqualTo(new User.GapSeen(CHAT, 1, 6, "forgotten"));
              assertThat(taken.held().lastSeq()).isEqualTo(8);
            });
  }

  /** The same with what the conversation says that this user has acknowledged. */
  private static Intake forgotten(Mail mail, long acknowledged) {
    User.Deliver plain = mail.deliver();
    User.Deliver message =
        new User.Deliver(
            plain.conversationId(),
            plain.version(),
            new User.RowHeader(plain.header().type(), 10, null, plain.header().lastTextAt()),
            plain.member(),
            plain.entries(),
            plain.receipts(),
            acknowledged + 1);
    return Intake.of(null, message, Set.of(1L), DeviceCursors.NONE, true);
  }

  @Test
  void aForgottenConversationThatSpeaksWithoutAnEntryGoesOnWhereItWas() {
    Intake intake = forgotten(Mail.none(CHAT, 12), 10);
    assertThat(intake)
        .asInstanceOf(InstanceOfAssertFactories.type(Intake.Taken.class))
        .satisfies(
            taken -> {
              assertThat(taken.gap()).isEqualTo(new User.GapSeen(CHAT, 1, 10, "forgotten"));
              assertThat(taken.held().lastSeq()).isEqualTo(10);
              assertThat(taken.held().forgottenTo()).isEqualTo(10);
              assertThat(taken.held().cursors().acked(1, 10)).isZero();
              Intake.Taken next = take(taken.held(), Mail.of(CHAT, 11, 11).version(13));
              assertThat(next.entries()).extracting(Entry::seq).containsExactly(11L);
              assertThat(next.held().forgottenTo()).isEqualTo(10);
            });
  }

  @Test
  void whatAForgottenConversationToldAndNobodyAcknowledgedIsNoGap() {
    assertThat(forgotten(Mail.of(CHAT, 9, 10), 7)).isEqualTo(new Intake.Missing(7));
    assertThat(forgotten(Mail.of(CHAT, 8, 10), 7))
        .asInstanceOf(InstanceOfAssertFactories.type(Intake.Taken.class))
        .satisfies(taken -> assertThat(Objects.requireNonNull(taken.gap()).to()).isEqualTo(7));
  }

  @Test
  void aForgottenConversationThatThisUserHasLeftGoesOnToo() {
    assertThat(forgotten(Mail.none(GROUP, 12).left(10), 10))
        .asInstanceOf(InstanceOfAssertFactories.type(Intake.Taken.class))
        .satisfies(taken -> assertThat(taken.held().lastSeq()).isEqualTo(10));
  }

  @Test
  void aNewConversationOfAUserThatOnceForgotOneHasNoGap() {
    assertThat(forgotten(Mail.none(CHAT, 1), 0))
        .asInstanceOf(InstanceOfAssertFactories.type(Intake.Taken.class))
        .satisfies(
            taken -> {
              assertThat(taken.gap()).isNull();
              assertThat(taken.held().lastSeq()).isZero();
            });
  }

  @Test
  void whatARowShowsIsReplacedByAHigherVersionOnly() {
    Held held = take(null, Mail.of(CHAT, 1, 3).version(10).name("Bob").read(2, 1)).held();
    assertThat(look(held, Mail.none(CHAT, 9).name("Old"))).isEqualTo(new Intake.Known());
    Intake.Taken more = take(held, Mail.of(CHAT, 4, 4).version(9).name("Old"));
    assertThat(((Row) more.held()).name()).isEqualTo("Bob");
    assertThat(more.held().version()).isEqualTo(10);
    Intake.Taken renamed = take(held, Mail.none(CHAT, 11).name("Rob").read(2, 1));
    assertThat(renamed.changed()).isTrue();
    assertThat(((Row) renamed.held()).name()).isEqualTo("Rob");
  }

  @Test
  void sessionsAreShownTheRowForWhatNoEntryTells() {
    Held held = take(null, Mail.of(CHAT, 1, 3).read(0, 3)).held();
    assertThat(take(held, Mail.of(CHAT, 4, 4).read(0, 4)).changed()).isFalse();
    assertThat(take(held, Mail.of(CHAT, 1, 3).version(9).read(0, 3)).changed()).isFalse();
    assertThat(take(held, Mail.of(CHAT, 1, 3).version(9).read(0, 2)).changed()).isTrue();
    assertThat(take(held, Mail.of(CHAT, 4, 4).read(4, 0)).changed()).isTrue();
  }

  @Test
  void anEditOfTheLastMessageIsShownAlthoughItBringsNoEntry() {
    Held held = take(null, Mail.of(CHAT, 1, 3)).held();
    User.Deliver plain = Mail.of(CHAT, 1, 3).version(9).deliver();
    LastMessage edited = new LastMessage(3, Fixtures.BOB, "text", "edited", 1_003);
    User.RowHeader header =
        new User.RowHeader(plain.header().type(), 3, edited, plain.header().lastTextAt());
    User.Deliver message = new User.Deliver(CHAT, 9, header, plain.member(), List.of(), List.of());
    Intake intake = Intake.of(held, message, Set.of(1L), DeviceCursors.NONE, false);
    assertThat(intake)
        .asInstanceOf(InstanceOfAssertFactories.type(Intake.Taken.class))
        .satisfies(taken -> assertThat(taken.changed()).isTrue());
  }

  @Test
  void whoWasRemovedDoesNotLearnALaterName() {
    Held held = take(null, Mail.of(GROUP, 1, 3).name("Then")).held();
    Intake.Taken gone = take(held, Mail.of(GROUP, 4, 4).version(9).left(4).name("Now"));
    assertThat(Objects.requireNonNull(gone.removed()).name()).isEqualTo("Then");
  }

  @Test
  void peerCursorsNeverGoBack() {
    Held held = take(null, Mail.of(CHAT, 1, 3).peer(3)).held();
    Row row = (Row) take(held, Mail.none(CHAT, 9).peer(2)).held();
    assertThat(row.peerDelivered()).isEqualTo(3);
  }

  @Test
  void aQuietConversationMakesNoRowUntilSomethingIsSaid() {
    assertThat(look(null, Mail.none(CHAT, 1).beQuiet())).isEqualTo(new Intake.Quiet(0));
    assertThat(take(null, Mail.none(CHAT, 1)).created()).isTrue();
    assertThat(take(null, Mail.of(CHAT, 1, 1).beQuiet()).created()).isTrue();
  }

  @Test
  void whoLeavesGetsTheEntriesUpToThatAndThenTheRowIsGone() {
    Held held = take(null, Mail.of(GROUP, 1, 3)).held();
    Intake.Taken part = take(held, Mail.of(GROUP, 4, 4).version(9).left(5));
    assertThat(part.removed()).isNull();
    assertThat(part.held()).isInstanceOf(Parked.class);
    Intake.Taken rest = take(part.held(), Mail.of(GROUP, 5, 6).version(9).left(5));
    assertThat(rest.entries()).extracting(Entry::seq).containsExactly(5L);
    assertThat(Objects.requireNonNull(rest.removed()).removed()).isTrue();
    assertThat(rest.held().cursors().acked(1, 5)).isZero();
    assertThat(look(rest.held(), Mail.of(GROUP, 5, 5).version(9).left(5)))
        .isEqualTo(new Intake.Known());
    // A late word from before does not bring it back.
    assertThat(look(rest.held(), Mail.of(GROUP, 4, 4).version(4))).isEqualTo(new Intake.Known());
  }

  @Test
  void whoIsAddedAgainStartsThere() {
    Held held = take(null, Mail.of(GROUP, 1, 3)).held();
    Held left = take(held, Mail.of(GROUP, 4, 4).version(9).left(4)).held();
    Intake.Taken again = take(left, Mail.of(GROUP, 8, 9).version(20).joined(8));
    assertThat(again.created()).isTrue();
    assertThat(again.entries()).extracting(Entry::seq).containsExactly(8L, 9L);
    assertThat(again.held().cursors().acked(1, 9)).isEqualTo(7);
    // Even if the leaving was never told.
    Intake.Taken unseen = take(held, Mail.of(GROUP, 8, 9).version(20).joined(8));
    assertThat(unseen.held().cursors().acked(1, 9)).isEqualTo(7);
  }

  @Test
  void anEvictedRowComesBackWithItsEntriesAndCursors() {
    Row row = (Row) take(null, Mail.of(GROUP, 1, 3)).held();
    Parked parked = row.withFlags(true, null, null).parked();
    Intake.Taken quiet = take(parked, Mail.none(GROUP, 9));
    assertThat(quiet.held()).isInstanceOf(Parked.class);
    Intake.Taken back = take(quiet.held(), Mail.of(GROUP, 4, 4).version(10));
    assertThat(back.created()).isTrue();
    assertThat(((Row) back.held()).muted()).isTrue();
    assertThat(back.held().cursors().acked(1, 4)).isZero();
  }

  @Test
  void aLastMessageFromBeforeOneJoinedIsNotShown() {
    Mail added = Mail.of(GROUP, 1, 4).joined(5).version(6);
    Row row = (Row) take(null, added).held();
    assertThat(row.lastMessage()).isNull();
    assertThat(row.lastSeq()).isEqualTo(4);
  }

  @Test
  void anAcknowledgementThatCameFirstCounts() {
    DeviceCursors early = DeviceCursors.NONE.with(1, 2, 0);
    Intake intake = Intake.of(null, Mail.of(CHAT, 1, 2).deliver(), Set.of(1L, 2L), early, false);
    DeviceCursors cursors = ((Intake.Taken) intake).held().cursors();
    assertThat(cursors.acked(1, 2)).isEqualTo(2);
    assertThat(cursors.acked(2, 2)).isZero();
  }

  @Test
  void aDeviceAheadDoesNotLagWhenTheEntryComes() {
    DeviceCursors ahead = DeviceCursors.NONE.with(1, 5, 3);
    assertThat(ahead.headMoved(3, 4, Set.of(1L, 2L)).acked(1, 4)).isEqualTo(5);
    assertThat(ahead.headMoved(3, 4, Set.of(1L, 2L)).acked(2, 4)).isEqualTo(3);
    assertThat(ahead.headMoved(3, 5, Set.of(1L)).isEmpty()).isTrue();
  }
}
