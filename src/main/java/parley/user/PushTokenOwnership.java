package parley.user;

import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.model.UserId;
import parley.serial.Stored;

/**
 * Whose a push token is: the only event of a {@link PushTokenOwner}, which holds all, and its
 * snapshot.
 *
 * @param nr of the claim that made it so; 0 where there was none
 * @param former users who had it and are to be told
 */
record PushTokenOwnership(@Nullable UserId owner, long nr, List<UserId> former) implements Stored {
  static final PushTokenOwnership NOBODY = new PushTokenOwnership(null, 0, List.of());

  PushTokenOwnership {
    former = former == null ? List.of() : List.copyOf(former);
  }

  PushTokenOwnership without(UserId told) {
    return new PushTokenOwnership(
        owner, nr, former.stream().filter(user -> !user.equals(told)).toList());
  }
}
