package parley.push;

import java.util.Locale;
import java.util.Optional;

/** The push service that reaches a device. */
public enum Platform {
  /** Apple Push Notification service. */
  APNS,
  /** Firebase Cloud Messaging. */
  FCM;

  /** The name in the protocol and in stored events: {@code apns}, {@code fcm}. */
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The platform with that {@link #wireName()}, or empty if there is none. */
  public static Optional<Platform> of(String wireName) {
    for (Platform platform : values()) {
      if (platform.wireName().equals(wireName)) {
        return Optional.of(platform);
      }
    }
    return Optional.empty();
  }
}
