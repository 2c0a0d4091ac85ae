"""services/ec2: instances, the instance profiles they have, and the roles that EC2 assumes for them."""
