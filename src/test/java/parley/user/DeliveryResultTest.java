package parley.user;

import static org.assertj.core.api.Assertions.assertThat;
import static parley.user.UserTestData.CHAT;
import static parley.user.UserTestData.GROUP;

import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import parley.model.Entry;
import parley.model.LastMessage;
import parley.user.UserTestData.Mail;

class DeliveryResultTest {
  private static DeliveryResult look(@Nullable ConversationRow conversationRow, Mail mail) {
    return DeliveryResult.of(
        conversationRow, mail.deliver(), Set.of(1L, 2L), DeviceCursors.NONE, false);
  }

  private static DeliveryResult.Applied take(@Nullable ConversationRow conversationRow, Mail mail) {
    DeliveryResult result = look(conversationRow, mail);
    assertThat(result).isInstanceOf(DeliveryResult.Applied.class);
    return (DeliveryResult.Applied) result;
  }

  @Test
  void firstEntriesMakeARowInWhichEveryDeviceLags() {
    DeliveryResult.Applied taken = take(null, Mail.of(CHAT, 1, 3));
    assertThat(taken.created()).isTrue();
    assertThat(taken.entries()).extracting(Entry::seq).containsExactly(1L, 2L, 3L);
    assertThat(taken.row().lastSeq()).isEqualTo(3);
    assertThat(taken.row().cursors().acked(1, 3)).isZero();
    assertThat(taken.row().cursors().acked(2, 3)).isZero();
  }

  @Test
  void repeatedDeliveryIsADuplicate() {
    ConversationRow conversationRow = take(null, Mail.of(CHAT, 1, 3)).row();
    assertThat(look(conversationRow, Mail.of(CHAT, 1, 3)))
        .isEqualTo(new DeliveryResult.Duplicate());
    assertThat(look(conversationRow, Mail.of(CHAT, 2, 2)))
        .isEqualTo(new DeliveryResult.Duplicate());
  }

  /** Cursors that the conversation's own journal does not have yet are no version of their own. */
  @Test
  void furtherCursorsOfTheSameVersionReplaceTheRow() {
    ConversationRow before = take(null, Mail.of(CHAT, 1, 3)).row();
    ConversationRow delivered = take(before, Mail.of(CHAT, 1, 3).delivered(3)).row();
    VisibleRow read =
        (VisibleRow) take(delivered, Mail.of(CHAT, 1, 3).delivered(3).read(2, 1)).row();
    assertThat(read.read()).isEqualTo(2);
    assertThat(read.unread()).isEqualTo(1);
    assertThat(read.confirmedDelivered()).isEqualTo(3);
    assertThat(read.version()).isEqualTo(3);
    VisibleRow peer = (VisibleRow) take(read, Mail.of(CHAT, 1, 3).delivered(3).peer(3)).row();
    assertThat(peer.peerDelivered()).isEqualTo(3);
    assertThat(peer.read()).isEqualTo(2);
    assertThat(peer.unread()).isEqualTo(1);
    assertThat(look(peer, Mail.of(CHAT, 1, 3).delivered(2).read(1, 2)))
        .as("cursors of the same version that are not further")
        .isEqualTo(new DeliveryResult.Duplicate());
    assertThat(look(peer, Mail.of(CHAT, 1, 3).version(2).delivered(4)))
        .as("an older version")
        .isEqualTo(new DeliveryResult.Duplicate());
  }

  @Test
  void higherVersionWithTheSameContentsIsNothingToWrite() {
    VisibleRow row = (VisibleRow) take(null, Mail.of(CHAT, 1, 3)).row();
    assertThat(look(row, Mail.of(CHAT, 1, 3).version(7)))
        .isEqualTo(new DeliveryResult.SameContents(row.withVersion(7)));
    assertThat(look(row, Mail.of(CHAT, 1, 3).version(7).peer(1)))
        .isInstanceOf(DeliveryResult.Applied.class);
  }

  /** The message with the receipts was lost. */
  @Test
  void ticksThatComeWithoutReceiptsAreShown() {
    ConversationRow row = take(null, Mail.of(CHAT, 1, 3)).row();
    assertThat(take(row, Mail.of(CHAT, 1, 3).version(7).peer(1)).changed()).isTrue();
    Mail told =
        Mail.of(CHAT, 1, 3)
            .version(7)
            .peer(1)
            .receipts(new Delivery.Receipt(UserTestData.BOB, 1, 0));
    assertThat(take(row, told).changed()).isFalse();
  }

  @Test
  void overlappingDeliveryAppliesOnlyNewEntries() {
    ConversationRow conversationRow = take(null, Mail.of(CHAT, 1, 3)).row();
    DeliveryResult.Applied taken = take(conversationRow, Mail.of(CHAT, 2, 5));
    assertThat(taken.entries()).extracting(Entry::seq).containsExactly(4L, 5L);
    assertThat(taken.created()).isFalse();
  }

  @Test
  void deliveryBeyondAHoleChangesNothing() {
    ConversationRow conversationRow = take(null, Mail.of(CHAT, 1, 3)).row();
    assertThat(look(conversationRow, Mail.of(CHAT, 5, 6).name("New")))
        .isEqualTo(new DeliveryResult.EntriesMissing(3));
    assertThat(look(null, Mail.of(CHAT, 2, 6))).isEqualTo(new DeliveryResult.EntriesMissing(0));
  }

  @Test
  void forgottenConversationContinuesWithAnAnnouncedGap() {
    DeliveryResult result =
        DeliveryResult.of(
            null, Mail.of(CHAT, 7, 8).deliver(), Set.of(1L), DeviceCursors.NONE, true);
    assertThat(result)
        .asInstanceOf(InstanceOfAssertFactories.type(DeliveryResult.Applied.class))
        .satisfies(
            taken -> {
              assertThat(taken.gap()).isEqualTo(new Delivery.GapSeen(CHAT, 1, 6, "forgotten"));
              assertThat(taken.row().lastSeq()).isEqualTo(8);
            });
  }

  /** The same, with the seq that the user had acknowledged according to the conversation. */
  private static DeliveryResult forgotten(Mail mail, long acknowledged) {
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
    return DeliveryResult.of(null, message, Set.of(1L), DeviceCursors.NONE, true);
  }

  @Test
  void forgottenConversationContinuesAlsoWithoutEntries() {
    DeliveryResult result = forgotten(Mail.none(CHAT, 12), 10);
    assertThat(result)
        .asInstanceOf(InstanceOfAssertFactories.type(DeliveryResult.Applied.class))
        .satisfies(
            taken -> {
              assertThat(taken.gap()).isEqualTo(new Delivery.GapSeen(CHAT, 1, 10, "forgotten"));
              assertThat(taken.row().lastSeq()).isEqualTo(10);
              assertThat(taken.row().forgottenTo()).isEqualTo(10);
              assertThat(taken.row().cursors().acked(1, 10)).isZero();
              DeliveryResult.Applied next = take(taken.row(), Mail.of(CHAT, 11, 11).version(13));
              assertThat(next.entries()).extracting(Entry::seq).containsExactly(11L);
              assertThat(next.row().forgottenTo()).isEqualTo(10);
            });
  }

  @Test
  void unacknowledgedEntriesOfAForgottenConversationAreNoGap() {
    assertThat(forgotten(Mail.of(CHAT, 9, 10), 7)).isEqualTo(new DeliveryResult.EntriesMissing(7));
    assertThat(forgotten(Mail.of(CHAT, 8, 10), 7))
        .asInstanceOf(InstanceOfAssertFactories.type(DeliveryResult.Applied.class))
        .satisfies(taken -> assertThat(Objects.requireNonNull(taken.gap()).to()).isEqualTo(7));
  }

  @Test
  void forgottenConversationThatTheUserLeftContinuesToo() {
    assertThat(forgotten(Mail.none(GROUP, 12).left(10), 10))
        .asInstanceOf(InstanceOfAssertFactories.type(DeliveryResult.Applied.class))
        .satisfies(taken -> assertThat(taken.row().lastSeq()).isEqualTo(10));
  }

  @Test
  void newConversationAfterAForgottenOneHasNoGap() {
    assertThat(forgotten(Mail.none(CHAT, 1), 0))
        .asInstanceOf(InstanceOfAssertFactories.type(DeliveryResult.Applied.class))
        .satisfies(
            taken -> {
              assertThat(taken.gap()).isNull();
              assertThat(taken.row().lastSeq()).isZero();
            });
  }

  @Test
  void rowContentIsReplacedByHigherVersionsOnly() {
    ConversationRow conversationRow =
        take(null, Mail.of(CHAT, 1, 3).version(10).name("Bob").read(2, 1)).row();
    assertThat(look(conversationRow, Mail.none(CHAT, 9).name("Old")))
        .isEqualTo(new DeliveryResult.Duplicate());
    DeliveryResult.Applied more = take(conversationRow, Mail.of(CHAT, 4, 4).version(9).name("Old"));
    assertThat(((VisibleRow) more.row()).name()).isEqualTo("Bob");
    assertThat(more.row().version()).isEqualTo(10);
    DeliveryResult.Applied renamed =
        take(conversationRow, Mail.none(CHAT, 11).name("Rob").read(2, 1));
    assertThat(renamed.changed()).isTrue();
    assertThat(((VisibleRow) renamed.row()).name()).isEqualTo("Rob");
  }

  @Test
  void sessionsGetTheRowWhenNoEntryShowsTheChange() {
    ConversationRow conversationRow = take(null, Mail.of(CHAT, 1, 3).read(0, 3)).row();
    assertThat(take(conversationRow, Mail.of(CHAT, 4, 4).read(0, 4)).changed()).isFalse();
    assertThat(look(conversationRow, Mail.of(CHAT, 1, 3).version(9).read(0, 3)))
        .isInstanceOf(DeliveryResult.SameContents.class);
    assertThat(take(conversationRow, Mail.of(CHAT, 1, 3).version(9).read(0, 2)).changed()).isTrue();
    assertThat(take(conversationRow, Mail.of(CHAT, 4, 4).read(4, 0)).changed()).isTrue();
  }

  @Test
  void editOfTheLastMessageIsShownWithoutAnEntry() {
    ConversationRow conversationRow = take(null, Mail.of(CHAT, 1, 3)).row();
    User.Deliver plain = Mail.of(CHAT, 1, 3).version(9).deliver();
    LastMessage edited = new LastMessage(3, UserTestData.BOB, "text", "edited", 1_003);
    User.RowHeader header =
        new User.RowHeader(plain.header().type(), 3, edited, plain.header().lastTextAt());
    User.Deliver message = new User.Deliver(CHAT, 9, header, plain.member(), List.of(), List.of());
    DeliveryResult result =
        DeliveryResult.of(conversationRow, message, Set.of(1L), DeviceCursors.NONE, false);
    assertThat(result)
        .asInstanceOf(InstanceOfAssertFactories.type(DeliveryResult.Applied.class))
        .satisfies(taken -> assertThat(taken.changed()).isTrue());
  }

  @Test
  void removedMemberDoesNotLearnALaterName() {
    ConversationRow conversationRow = take(null, Mail.of(GROUP, 1, 3).name("Then")).row();
    DeliveryResult.Applied gone =
        take(conversationRow, Mail.of(GROUP, 4, 4).version(9).left(4).name("Now"));
    assertThat(Objects.requireNonNull(gone.removed()).name()).isEqualTo("Then");
  }

  @Test
  void peerCursorsNeverGoBack() {
    ConversationRow conversationRow = take(null, Mail.of(CHAT, 1, 3).peer(3)).row();
    VisibleRow visibleRow = (VisibleRow) take(conversationRow, Mail.none(CHAT, 9).peer(2)).row();
    assertThat(visibleRow.peerDelivered()).isEqualTo(3);
  }

  @Test
  void emptyConversationMakesNoRowBeforeItsFirstEntry() {
    assertThat(look(null, Mail.none(CHAT, 1).beQuiet()))
        .isEqualTo(new DeliveryResult.NothingToKeep(0));
    assertThat(take(null, Mail.none(CHAT, 1)).created()).isTrue();
    assertThat(take(null, Mail.of(CHAT, 1, 1).beQuiet()).created()).isTrue();
  }

  @Test
  void leavingMemberGetsEntriesUpToTheRemoval() {
    ConversationRow conversationRow = take(null, Mail.of(GROUP, 1, 3)).row();
    DeliveryResult.Applied part = take(conversationRow, Mail.of(GROUP, 4, 4).version(9).left(5));
    assertThat(part.removed()).isNull();
    assertThat(part.row()).isInstanceOf(HiddenRow.class);
    DeliveryResult.Applied rest = take(part.row(), Mail.of(GROUP, 5, 6).version(9).left(5));
    assertThat(rest.entries()).extracting(Entry::seq).containsExactly(5L);
    assertThat(Objects.requireNonNull(rest.removed()).removed()).isTrue();
    assertThat(rest.row().cursors().acked(1, 5)).isZero();
    assertThat(look(rest.row(), Mail.of(GROUP, 5, 5).version(9).left(5)))
        .isEqualTo(new DeliveryResult.Duplicate());
    // A late message from before does not bring the row back.
    assertThat(look(rest.row(), Mail.of(GROUP, 4, 4).version(4)))
        .isEqualTo(new DeliveryResult.Duplicate());
  }

  @Test
  void readdedMemberStartsAtItsNewMembership() {
    ConversationRow conversationRow = take(null, Mail.of(GROUP, 1, 3)).row();
    ConversationRow left = take(conversationRow, Mail.of(GROUP, 4, 4).version(9).left(4)).row();
    DeliveryResult.Applied again = take(left, Mail.of(GROUP, 8, 9).version(20).joined(8));
    assertThat(again.created()).isTrue();
    assertThat(again.entries()).extracting(Entry::seq).containsExactly(8L, 9L);
    assertThat(again.row().cursors().acked(1, 9)).isEqualTo(7);
    // Even if the message about the removal was lost.
    DeliveryResult.Applied unseen =
        take(conversationRow, Mail.of(GROUP, 8, 9).version(20).joined(8));
    assertThat(unseen.row().cursors().acked(1, 9)).isEqualTo(7);
  }

  @Test
  void evictedRowReturnsWithItsCursors() {
    VisibleRow visibleRow = (VisibleRow) take(null, Mail.of(GROUP, 1, 3)).row();
    HiddenRow hiddenRow = visibleRow.withFlags(true, null, null).asHidden();
    DeliveryResult.Applied quiet = take(hiddenRow, Mail.none(GROUP, 9));
    assertThat(quiet.row()).isInstanceOf(HiddenRow.class);
    DeliveryResult.Applied back = take(quiet.row(), Mail.of(GROUP, 4, 4).version(10));
    assertThat(back.created()).isTrue();
    assertThat(((VisibleRow) back.row()).muted()).isTrue();
    assertThat(back.row().cursors().acked(1, 4)).isZero();
  }

  @Test
  void lastMessageFromBeforeJoiningIsNotShown() {
    Mail added = Mail.of(GROUP, 1, 4).joined(5).version(6);
    VisibleRow visibleRow = (VisibleRow) take(null, added).row();
    assertThat(visibleRow.lastMessage()).isNull();
    assertThat(visibleRow.lastSeq()).isEqualTo(4);
  }

  @Test
  void earlyAcknowledgementCounts() {
    DeviceCursors early = DeviceCursors.NONE.with(1, 2, 0);
    DeliveryResult result =
        DeliveryResult.of(null, Mail.of(CHAT, 1, 2).deliver(), Set.of(1L, 2L), early, false);
    DeviceCursors cursors = ((DeliveryResult.Applied) result).row().cursors();
    assertThat(cursors.acked(1, 2)).isEqualTo(2);
    assertThat(cursors.acked(2, 2)).isZero();
  }

  @Test
  void deviceAheadDoesNotLagWhenTheEntryArrives() {
    DeviceCursors ahead = DeviceCursors.NONE.with(1, 5, 3);
    assertThat(ahead.headMoved(3, 4, Set.of(1L, 2L)).acked(1, 4)).isEqualTo(5);
    assertThat(ahead.headMoved(3, 4, Set.of(1L, 2L)).acked(2, 4)).isEqualTo(3);
    assertThat(ahead.headMoved(3, 5, Set.of(1L)).isEmpty()).isTrue();
  }
}
