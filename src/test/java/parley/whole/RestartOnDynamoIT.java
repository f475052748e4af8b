package parley.whole;

import org.junit.jupiter.api.extension.ExtendWith;

/** {@link RestartIT} with DynamoDB as the store. */
@ExtendWith(OnDynamo.class)
class RestartOnDynamoIT extends RestartIT {}
