package parley.client;

/** A registered user with its current tokens. */
public record TestAccount(
    String userId,
    String username,
    String password,
    String accessToken,
    String refreshToken,
    int expiresIn) {

  @Override
  public String toString() {
    return username + "(" + userId + ")";
  }
}
