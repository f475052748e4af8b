package parley.user;

import java.util.List;
import org.jspecify.annotations.Nullable;
import parley.model.UserId;
import parley.serial.Stored;

/**
 * The owner of a push token: the only event of a {@link PushTokenOwner}, with its whole state, and
 * also its snapshot.
 *
 * @param nr the number of the latest claim; 0 if there was none
 * @param former users who had the token and are still to be told
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
